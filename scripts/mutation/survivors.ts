// survivors.yaml: mutants that no counterexample can kill, each with the reason why, kept by hand.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { z } from 'zod'
import { describeMutation, type Mutant } from './mutant.ts'

const SURVIVORS_PATH = fileURLToPath(new URL('survivors.yaml', import.meta.url))

const schema = z.array(
  z.strictObject({
    /** `specs/oci/identity.spec.ts`. */
    file: z.string(),
    /** The mutation as it is printed: `'linux' → ''`; a part of it ending in `…` matches all that begin so. */
    mutations: z.array(z.string()).min(1),
    /** Text of the line that the mutation begins on, trimmed; only where the mutation alone does not say which. */
    line: z.string().optional(),
    reason: z.string().min(10),
  }),
)

export type Survivors = z.infer<typeof schema>

export async function readSurvivors(): Promise<Survivors> {
  return schema.parse(parse(await readFile(SURVIVORS_PATH, 'utf8')))
}

type Entry = Survivors[number]

/** The reason that a mutant may survive; undefined where none is given. */
export function reasonFor(mutant: Mutant, line: string, survivors: Survivors): string | undefined {
  return survivors.find((entry) => entry.mutations.some((mutation) => matches(mutant, line, entry, mutation)))?.reason
}

/** `FILE: MUTATION` of entries of the file that no survivor needs: the mutant is killed by now, or gone. */
export function needless(
  survived: readonly { readonly mutant: Mutant; readonly line: string }[],
  survivors: Survivors,
): readonly string[] {
  return survivors.flatMap((entry) =>
    entry.mutations
      .filter((mutation) => !survived.some(({ mutant, line }) => matches(mutant, line, entry, mutation)))
      .map((mutation) => `${entry.file}: ${mutation}`),
  )
}

function matches(mutant: Mutant, line: string, entry: Entry, mutation: string): boolean {
  const described = describeMutation(mutant)
  return (
    entry.file === mutant.file &&
    (entry.line === undefined || entry.line === line.trim()) &&
    (described === mutation || (mutation.endsWith('…') && described.startsWith(mutation.slice(0, -1))))
  )
}
