/**
 * How mails look. Styles are inline, as many mail readers know no others; what only some know (dark
 * mode, phones) is a style sheet, and a mail without it is still a good one.
 *
 * @module
 */

const font =
  "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";
const mono = "font-family:ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace";
const breaks = "overflow-wrap:anywhere;word-break:break-word";

const ink = "color:#1b1f24";
const quiet = "color:#59616b";
const accent = "color:#0b6b57";
const line = "#e2e2dd";

export const style = {
  body: `margin:0;padding:0;background-color:#f6f6f3;${ink};${font}`,
  hidden: "display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;mso-hide:all",
  sheet: "background-color:#f6f6f3",
  around: "padding:28px 12px 36px",
  column: `max-width:560px;margin:0 auto;text-align:left;${breaks};${font}`,
  brand: `margin:0 0 14px;padding:0 4px;font-size:17px;line-height:24px;font-weight:600;${ink}`,
  card:
    `background-color:#ffffff;border:1px solid ${line};border-radius:12px;padding:26px 24px 12px`,
  text: `margin:0 0 16px;font-size:16px;line-height:25px;${ink}`,
  list: `margin:0 0 16px;padding:0 0 0 22px;font-size:16px;line-height:25px;${ink}`,
  item: "margin:0 0 6px",
  link: `${accent};font-weight:600;text-decoration:underline`,
  about: `${quiet};font-size:15px;line-height:22px`,
  facts: "width:100%;margin:0 0 18px;border-collapse:collapse",
  factName:
    `width:32%;padding:9px 12px 9px 0;border-top:1px solid ${line};text-align:left;vertical-align:top;font-size:15px;line-height:22px;font-weight:400;${quiet}`,
  factValue:
    `padding:9px 0;border-top:1px solid ${line};text-align:left;vertical-align:top;font-size:15px;line-height:22px;${ink}`,
  by: `margin:0 0 4px;font-size:14px;line-height:20px;${quiet}`,
  quote:
    `margin:0 0 20px;padding:2px 0 2px 14px;border-left:3px solid #9cc7bc;font-size:16px;line-height:25px;${ink}`,
  code:
    `margin:0 0 18px;padding:14px 16px;background-color:#f6f6f3;border-radius:8px;text-align:center;font-size:22px;line-height:28px;letter-spacing:2px;${mono};${ink}`,
  buttonTable: "margin:6px 0 8px;border-collapse:separate",
  buttonCell: "background-color:#0b6b57;border-radius:8px;text-align:center",
  button:
    `display:inline-block;padding:13px 26px;border-radius:8px;font-size:16px;line-height:22px;font-weight:600;color:#ffffff;text-decoration:none;${breaks};${font}`,
  address: `margin:0 0 20px;font-size:13px;line-height:19px;${quiet}`,
  addressLink: `${quiet};text-decoration:underline`,
  foot: `margin:16px 4px 0;font-size:13px;line-height:20px;${quiet}`,
} as const;

/** Only an `!important` is stronger than an inline style. */
export const styleSheet = ":root{color-scheme:light dark;supported-color-schemes:light dark}" +
  "@media (prefers-color-scheme:dark){" +
  ".paper{background-color:#121417!important}" +
  ".card{background-color:#1a1d22!important;border-color:#30353d!important}" +
  ".ink{color:#e9ebee!important}.quiet{color:#a3abb6!important}.accent{color:#52d3b3!important}" +
  ".fill{background-color:#52d3b3!important}.on-fill{color:#08211b!important}" +
  ".line{border-color:#30353d!important}.edge{border-color:#2f6d60!important}}" +
  "@media (max-width:480px){.around{padding:16px 0 28px!important}" +
  ".card{border-radius:0!important;border-width:1px 0!important;padding:22px 18px 8px!important}" +
  ".margin{padding-left:18px!important;padding-right:18px!important;margin-left:0!important;margin-right:0!important}" +
  ".wide{width:100%!important}.button{display:block!important}}";
