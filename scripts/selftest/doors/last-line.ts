// How a run ends, for a person who looks at its exit status and its last line.
export type Ending = { readonly status: number | string; readonly last: string }

/** The last line of what a command prints: of the error where there is no verdict. */
export function lastLine({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): string {
  return (stdout.trim() === '' ? stderr : stdout).trimEnd().split('\n').at(-1) ?? ''
}
