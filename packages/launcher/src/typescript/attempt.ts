/** What `attempted` gives, or `recover` where that fails, now or later. */
export function attempt<R, S>(attempted: () => R, recover: (error: unknown) => S): R | S {
  try {
    const result = attempted();
    return result instanceof Promise ? (result.catch(recover) as R) : result;
  } catch (error) {
    return recover(error);
  }
}
