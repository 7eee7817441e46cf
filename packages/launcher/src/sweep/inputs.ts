/** The inputs in a stream of text, as they come; each ends with this character, the last one also without. */
export async function* inputsOf(stream: AsyncIterable<string>, separator: string): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream) {
    const inputs = (rest + text).split(separator);
    rest = inputs.pop() ?? "";
    yield* inputs.filter((input) => input !== "");
  }
  if (rest !== "") yield rest;
}
