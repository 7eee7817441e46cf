/** The files of a program that has been prepared, for the ranks: `program.json` in the job's directory. */
export interface ProgramTable {
  /** The script as a file URL of what the user typed, and of the file behind it. */
  readonly script: string;
  readonly entry: string;

  /** `process.argv[1]` where that is not the script's path. */
  readonly name?: string | undefined;

  /** Other hooks may have a word about each import: what is known here is only a proposal. */
  readonly hasPreloads: boolean;

  /** By URL. */
  readonly modules: Readonly<Record<string, TableEntry>>;
}

export interface TableEntry {
  readonly format: "module" | "commonjs" | "json";

  /** The name of the transformed file in the job's directory; none for JSON. */
  readonly file?: string;

  /** Where the imports lead that are written out in the file. */
  readonly imports: Readonly<Record<string, string>>;
}

export const tableName = "program.json";
