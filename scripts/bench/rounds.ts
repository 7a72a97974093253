// The order of the runs: in turn, reversed in every second round, so that none always follows the same one.

type Runners = Readonly<Record<string, (round: number) => Promise<unknown>>>
type Taken<T extends Runners> = { [Name in keyof T]: Awaited<ReturnType<T[Name]>>[] }

/** The result of each runner, round by round. */
export async function takeTurns<T extends Runners>(
  { runs, signal }: { readonly runs: number; readonly signal: AbortSignal },
  runners: T,
): Promise<Taken<T>> {
  const names = Object.keys(runners)
  const taken = Object.fromEntries(names.map((name): [string, unknown[]] => [name, []]))
  for (let round = 1; round <= runs; round++)
    for (const name of round % 2 === 1 ? names : names.toReversed()) {
      signal.throwIfAborted()
      taken[name]?.push(await runners[name]?.(round))
    }
  return taken as Taken<T>
}
