/**
 * Every notification as HTML and as plain text.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Block, NotificationEvent } from "../../functions/notifications/event.ts";
import { notificationEvents } from "../../functions/notifications/events/table.ts";
import { renderMail } from "../../functions/notifications/mail/render.tsx";
import { unsubscribeHeaders } from "../../functions/notifications/mail/unsubscribe_headers.ts";
import { BRAND, events, largestData, mailOf, UNSUBSCRIBE } from "./notifications_samples.ts";

const HOSTILE =
  `"><script>alert(1)</script><img src=x onerror=alert(2)>'&amp;\r\nBcc: x@y.example\n\n`;
const GMAIL_BYTES = 102_000;

for (const [name, event] of events) {
  Deno.test(`${name} says in HTML and in text what its sample says`, () => {
    const { subject, html, text } = mailOf(event);
    const content = event.mail(event.data.parse(event.sample));
    assert.match(html, /^<!doctype html><html lang="en" dir="ltr">/);
    assert.ok(html.includes(`<title>${escaped(subject)}</title>`));
    for (const said of [BRAND, "Hello Ada,", ...content.blocks.flatMap(saidBy)]) {
      assert.ok(onOneLine(html).includes(escaped(onOneLine(said))), `HTML lacks ${said}`);
      assert.ok(unwrapped(text).includes(onOneLine(said)), `text lacks ${said}`);
    }
    for (const part of [subject, html, text]) {
      assert.doesNotMatch(part, /undefined|\[object|NaN|null|Invalid Date/);
    }
    assert.equal(html.includes(escaped(UNSUBSCRIBE)), event.group !== undefined);
    assert.equal(text.includes(UNSUBSCRIBE), event.group !== undefined);
    assert.match(text, /\n-- \nHarbour Market\nYou get this mail because /);
    assert.ok([...subject].length <= 78, `${subject} is too long for an inbox`);
    assert.deepEqual(mailOf(event), { subject, html, text }, "the same bytes again");
  });

  Deno.test(`${name} stays whole, whatever its texts hold, and however long they are`, () => {
    const times = event.collapse ? [1, 2, 60] : [1];
    for (const count of times) {
      const hostile = mailOf(event, largestData(event, (length) => fill(HOSTILE, length)), count);
      assert.doesNotMatch(hostile.html, /<script|<img|onerror=alert\(2\)>/i);
      assert.deepEqual(tagsOf(hostile.html), tagsOf(hostile.html).filter((tag) => known.has(tag)));
      assert.doesNotMatch(hostile.subject, /[\r\n]/);
      assert.ok([...hostile.subject].length <= 150);
      for (const character of ["<", "&", '"', "😀", "\u0000", "\u202e"]) {
        const data = largestData(
          event,
          (length) => `${fill(character, length - 1)}x`.slice(-length),
        );
        const { html } = mailOf(event, data, count);
        const bytes = new TextEncoder().encode(html).length;
        assert.ok(bytes < GMAIL_BYTES, `${bytes} bytes of ${JSON.stringify(character)}, ${count}`);
        assert.ok(!html.includes("\u0000") && !html.includes("\u202e"));
      }
    }
  });
}

const known = new Set(
  "html head meta title style body div table tbody tr td th p a br ul li span blockquote".split(
    " ",
  ),
);
const tagsOf = (html: string) =>
  [...html.matchAll(/<\/?([a-z]+)/gi)].map(([, tag]) => tag.toLowerCase());
const fill = (text: string, length: number) =>
  text.repeat(Math.ceil(length / text.length)).slice(0, length);
const onOneLine = (text: string) => text.replaceAll("<br/>", " ").replace(/\s+/g, " ");
const unwrapped = (text: string) => onOneLine(text.replace(/^> ?/gm, ""));
const escaped = (text: string) =>
  text.replace(/[&<>"']/g, (character) => `&${entities[character]};`);
const entities: Record<string, string> = {
  "&": "amp",
  "<": "lt",
  ">": "gt",
  '"': "quot",
  "'": "#39",
};

/** Every text of the block that a reader must find. */
function saidBy(block: Block): string[] {
  switch (block.kind) {
    case "button":
      return [block.label, block.url];
    case "list":
      return [...block.items];
    case "links":
      return block.items.flatMap(({ label, url, about = "" }) => [label, url, about]);
    case "facts":
      return block.rows.flat();
    case "quote":
      return [block.text, block.by ?? ""];
    default:
      return [block.text];
  }
}

Deno.test("plain text is at most 76 wide, but for addresses, and quotes what others wrote", () => {
  const long = "A rather long sentence that has to go on in the next line. ".repeat(4).trim();
  const url = `https://market.example/${"a".repeat(90)}`;
  const { text } = mailOf(notificationEvents["message.new"] as NotificationEvent, {
    from: "Ben",
    text: `${long}\n\n-- \n${long}\r\n> ${"x".repeat(100)}`,
    url,
  });
  const lines = text.split("\n");
  for (const line of lines) {
    if (!/https:|xxx/.test(line)) assert.ok(line.length <= 76, line);
    if (line !== "-- ") assert.equal(line, line.trimEnd());
  }
  assert.ok(lines.includes(url), "the address stands on a line of its own");
  assert.equal(lines.filter((line) => line.startsWith(">")).length, 12, text);
  assert.equal(lines.filter((line) => line === "-- ").length, 1, "nobody ends the mail but us");
});

const subjects: { name: string; subject: string; is: string }[] = [
  { name: "a line break", subject: "Hello\r\nBcc: x@y.example", is: "Hello Bcc: x@y.example" },
  { name: "control characters", subject: "a\u0000b\u001b[31mc\u0085d", is: "ab[31mcd" },
  { name: "a line separator", subject: "a\u2028b", is: "a b" },
  { name: "a mark that turns the text around", subject: "a\u202ecod.exe", is: "acod.exe" },
  { name: "half a character", subject: "a\ud83d", is: "a\ufffd" },
  { name: "151 characters", subject: "😀".repeat(151), is: `${"😀".repeat(149)}…` },
  { name: "150 characters", subject: "😀".repeat(150), is: "😀".repeat(150) },
];
for (const { name, subject, is } of subjects) {
  Deno.test(`a subject with ${name} becomes one clean line`, () => {
    const mail = renderMail({ subject, blocks: [] }, { brand: BRAND });
    assert.equal(mail.subject, is);
  });
}

Deno.test("an inbox shows the first sentence, and nothing of what follows it", () => {
  const { html } = mailOf(notificationEvents["listing.approved"] as NotificationEvent);
  const preview = /<div style="display:none[^>]*>([^<]*)/.exec(html)![1];
  assert.match(preview, /^We have looked at “Loft at the canal”[^\u034f]*(\u034f\u00a0){60}$/);
});

Deno.test("a quote that is too long ends with a word about it, a list with how many more", () => {
  const message = notificationEvents["message.new"];
  const data = largestData(message as NotificationEvent, (length) => fill("<", length));
  const { html, text } = mailOf(message as NotificationEvent, data, 60);
  assert.match(html, /\(It goes on behind the link below\.\)/);
  assert.match(text, /40 earlier messages, and then:/);
  const digest = notificationEvents["admin.digest.daily"] as NotificationEvent;
  const lines = Array.from({ length: 1_000 }, (_, index) => `${index} ${"x".repeat(400)}`);
  const { html: list } = mailOf(digest, { day: "2026-11-20", lines });
  const [, more] = /and (\d+) more<\/li>/.exec(list)!;
  assert.equal([...list.matchAll(/<li /g)].length - 1 + Number(more), 1_000);
});

Deno.test("messages of one person are one conversation, of several there is a link each", () => {
  const { collapse } = notificationEvents["message.new"];
  const said = (from: string, id: number) => ({ from, text: "Hello", url: `https://a.b/${id}` });
  const one = collapse!.mail([said("Ben", 1), said("Ben", 1)]);
  assert.equal(one.subject, "2 new messages from Ben");
  assert.equal(one.blocks.at(-1)!.kind, "button");
  const two = collapse!.mail([said("Ben", 1), said("Cy", 2), said("Ben", 1)]);
  assert.equal(two.subject, "3 new messages from Ben and Cy");
  assert.deepEqual(two.blocks.at(-1), {
    kind: "links",
    items: [
      { label: "Answer Ben", url: "https://a.b/1" },
      { label: "Answer Cy", url: "https://a.b/2" },
    ],
  });
  const four = collapse!.mail(["A", "B", "C", "D"].map(said));
  assert.equal(four.subject, "4 new messages from 4 people");
});

Deno.test("favorites that became one mail are counted by listing", () => {
  const { collapse } = notificationEvents["listing.favorited"];
  const loft = { title: "Loft", url: "https://a.b/1" };
  assert.equal(collapse!.mail([loft, loft]).subject, "“Loft” was saved 2 times");
  const both = collapse!.mail([loft, { title: "Barn", url: "https://a.b/2" }, loft]);
  assert.equal(both.subject, "Your listings were saved 3 times");
  assert.deepEqual(saidBy(both.blocks[1]).filter((said) => /time/.test(said)), [
    "2 times",
    "1 time",
  ]);
});

Deno.test("one that waited alone reads as one", () => {
  for (const [name, event] of events.filter(([, { collapse }]) => collapse)) {
    const data = event.data.parse(event.sample);
    assert.deepEqual(event.collapse!.mail([data]), event.mail(data), name);
  }
});

Deno.test("a mail links to nothing but the web", () => {
  const url = "javascript:alert(1)";
  const contents: Block[] = [
    { kind: "button", label: "Go", url },
    { kind: "links", items: [{ label: "Go", url }] },
  ];
  for (const block of contents) {
    assert.throws(() => renderMail({ subject: "a", blocks: [block] }, { brand: BRAND }), TypeError);
  }
  assert.throws(() => unsubscribeHeaders(url), TypeError);
});

Deno.test("the headers for unsubscribing hold one address, which cannot end its header", () => {
  assert.deepEqual(unsubscribeHeaders("https://a.b/u?token=x>\r\nBcc: c"), {
    "List-Unsubscribe": "<https://a.b/u?token=x%3EBcc:%20c>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
  });
});
