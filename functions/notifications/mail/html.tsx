/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * A mail's HTML: one column, at most 560 px wide, in the reader's own light or dark.
 *
 * @module
 */
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { Block } from "../event.ts";
import type { Letter } from "./letter.ts";
import { style, styleSheet } from "./style.ts";

/** Outlook on Windows knows no `max-width`. */
const OUTLOOK_OPENS =
  '<!--[if mso]><table role="presentation" width="560" align="center"><tr><td><![endif]-->';
const OUTLOOK_CLOSES = "<!--[if mso]></td></tr></table><![endif]-->";
/** An inbox fills its line with what comes next; this is what comes next. */
const FILLER = "\u034f\u00a0".repeat(60);

const layoutTable = {
  role: "presentation",
  width: "100%",
  cellpadding: "0",
  cellspacing: "0",
  border: 0,
} as const;

/** The whole document. */
export function mailHtml(
  { content, brand, greeting, preview, reason, unsubscribe }: Letter,
): string {
  const page = (
    <html lang="en" dir="ltr">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="supported-color-schemes" content="light dark" />
        <meta name="format-detection" content="telephone=no, date=no, address=no, email=no" />
        <title>{content.subject}</title>
        <style>{raw(styleSheet)}</style>
      </head>
      <body class="paper" style={style.body}>
        <div style={style.hidden}>{preview}{FILLER}</div>
        <table {...layoutTable} class="paper" style={style.sheet}>
          <tr>
            <td align="center" class="around" style={style.around}>
              {raw(OUTLOOK_OPENS)}
              <div style={style.column}>
                <p class="ink margin" style={style.brand}>{brand}</p>
                <div class="card" style={style.card}>
                  <p class="ink" style={style.text}>{greeting}</p>
                  {content.blocks.map((block, index) => <BlockHtml key={index} block={block} />)}
                </div>
                <p class="quiet margin" style={style.foot}>
                  {reason}
                  {unsubscribe && (
                    <>
                      <br />
                      {unsubscribe.question}{" "}
                      <a class="quiet" style={style.addressLink} href={unsubscribe.url}>
                        Unsubscribe
                      </a>
                    </>
                  )}
                </p>
              </div>
              {raw(OUTLOOK_CLOSES)}
            </td>
          </tr>
        </table>
      </body>
    </html>
  );
  return `<!doctype html>${page}`;
}

function BlockHtml({ block }: { block: Block }) {
  switch (block.kind) {
    case "text":
      return <p class="ink" style={style.text}>{lines(block.text)}</p>;
    case "button":
      return <Button {...block} />;
    case "list":
      return (
        <ul class="ink" style={style.list}>
          {block.items.map((item) => <li key={item} style={style.item}>{lines(item)}</li>)}
        </ul>
      );
    case "links":
      return (
        <ul class="ink" style={style.list}>
          {block.items.map(({ label, url, about }) => (
            <li style={style.item}>
              <a class="accent" style={style.link} href={url}>{label}</a>
              {about && (
                <>
                  <br />
                  <span class="quiet" style={style.about}>{about}</span>
                </>
              )}
            </li>
          ))}
        </ul>
      );
    case "facts":
      return (
        <table style={style.facts}>
          {block.rows.map(([name, value]) => (
            <tr>
              <th scope="row" class="quiet line" style={style.factName}>{name}</th>
              <td class="ink line" style={style.factValue}>{lines(value)}</td>
            </tr>
          ))}
        </table>
      );
    case "quote":
      return (
        <>
          {block.by && <p class="quiet" style={style.by}>{block.by}:</p>}
          <blockquote dir="auto" class="ink edge" style={style.quote}>
            {lines(block.text)}
          </blockquote>
        </>
      );
    case "code":
      return <p class="paper ink" style={style.code}>{block.text}</p>;
  }
}

/** A cell is filled by every mail reader, a link's padding is not; the address is for the rest. */
function Button({ label, url }: { label: string; url: string }) {
  return (
    <>
      <table
        role="presentation"
        cellpadding="0"
        cellspacing="0"
        border={0}
        class="wide"
        style={style.buttonTable}
      >
        <tr>
          <td class="fill" style={style.buttonCell}>
            <a class="on-fill button" style={style.button} href={url}>{label}</a>
          </td>
        </tr>
      </table>
      <p class="quiet" style={style.address}>
        Or open this address: <a class="quiet" style={style.addressLink} href={url}>{url}</a>
      </p>
    </>
  );
}

/** Line breaks as every mail reader knows them. */
function lines(text: string): Child {
  return text.split("\n").map((line, index) =>
    index === 0 ? line : (
      <>
        <br />
        {line}
      </>
    )
  );
}
