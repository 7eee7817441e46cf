/** A checkpoint, or a part of one, is not as it was saved: torn, changed, or of another save. */
export class Damage extends Error {}

/** What `work` gives, where errors that a damaged disk or a lost file gives are damage. */
export async function orDamage<R>(name: string, work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Damage) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new Damage(`${name} is missing`);
    if (code === "EIO") throw new Damage(`${name} cannot be read (EIO)`);
    throw error;
  }
}
