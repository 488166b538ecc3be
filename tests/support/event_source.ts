/**
 * A client of server-sent events that shows what came, comments too.
 *
 * @module
 */

export interface Received {
  id?: string;
  event?: string;
  data?: string;
  retry?: string;
  /** Of a comment. */
  comment?: string;
}

/** Reads the frames of a body, one after another. */
export async function* readEvents(response: Response): AsyncGenerator<Received, void> {
  let rest = "";
  for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
    const frames = (rest + text).split("\n\n");
    rest = frames.pop()!;
    for (const frame of frames) yield readFrame(frame);
  }
}

function readFrame(frame: string): Received {
  const fields = frame.split("\n").map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon) || "comment", line.slice(colon + 1).trim()];
  });
  return Object.fromEntries(fields);
}
