// `--variant`, given once for all candidates or as REFERENCE=NAME for each: which variant each of them must be.
import { InvalidArgumentError } from 'commander'
import { UsageError } from '../cli/command-line.ts'

export type Variants = {
  /** The variant of every candidate that is not named; undefined where its label says it. */
  readonly all?: string
  /** Reference, as it was typed, → its variant. */
  readonly byReference: ReadonlyMap<string, string>
}

/** The last `=` counts: a path may have others. Over what was given before. */
export function parseVariant(text: string, before: Variants = { byReference: new Map() }): Variants {
  const at = text.lastIndexOf('=')
  const [reference, name] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)]
  if (name === '' || at === 0) throw new InvalidArgumentError('expected NAME, or REFERENCE=NAME.')
  const known = at === -1 ? before.all : before.byReference.get(reference)
  if (known !== undefined && known !== name)
    throw new InvalidArgumentError(`${at === -1 ? 'the candidates' : reference} cannot be ${known} and ${name}.`)
  if (at === -1) return { ...before, all: name }
  return { ...before, byReference: new Map([...before.byReference, [reference, name]]) }
}

/** The variant of each reference, in their order. UsageError where one is named that was not given. */
export function variantsOf(
  references: readonly string[],
  { all, byReference }: Variants,
): readonly (string | undefined)[] {
  const unknown = [...byReference.keys()].find((one) => !references.includes(one))
  if (unknown !== undefined)
    throw new UsageError(
      `--variant ${unknown}=${byReference.get(unknown)} names no reference that was given: write it as it is given, ${references.join(' or ') || 'and give it'}`,
    )
  return references.map((one) => byReference.get(one) ?? all)
}
