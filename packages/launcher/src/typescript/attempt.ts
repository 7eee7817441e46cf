/** The result of `attempted`; if it throws, or its promise rejects, the result of `recover`. */
export function attempt<R, S>(attempted: () => R, recover: (error: unknown) => S): R | S {
  try {
    const result = attempted();
    return result instanceof Promise ? (result.catch(recover) as R) : result;
  } catch (error) {
    return recover(error);
  }
}
