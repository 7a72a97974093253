// One change of one place in a spec file.

/** The change of an assertion, of the code that decides about it, or of its inputs. */
export type Operator =
  | 'assertion negated'
  | 'assertion dropped'
  | 'assertion weakened'
  | 'predicate'
  | 'condition'
  | 'comparison'
  | 'negation dropped'
  | 'string'
  | 'regular expression'
  | 'boolean'
  | 'throw dropped'

export type Edit = {
  readonly operator: Operator
  /** The offset of the text that is replaced. */
  readonly start: number
  readonly end: number
  readonly replacement: string
}

export type Mutant = Edit & {
  /** `m0017`, the mutant's folder. */
  readonly name: string
  /** The file relative to the root: `specs/oci/identity.spec.ts`. */
  readonly file: string
  readonly line: number
  readonly original: string
  /** The spec files to run, and the rules in them that it can change. */
  readonly specs: readonly string[]
  readonly ids: readonly string[]
}

/** `filter(isTrace) → filter(() => false)` on one line: how a person finds it, and how survivors.yaml names it. */
export function describeMutation({ original, replacement }: Pick<Mutant, 'original' | 'replacement'>): string {
  return `${onOneLine(original)} → ${onOneLine(replacement)}`
}

const MAX_SHOWN = 120

function onOneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line
}
