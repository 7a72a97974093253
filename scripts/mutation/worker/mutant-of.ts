// The mutant that a spec file belongs to.
import { VALID } from './plan.ts'

/** `m0017` of …/mutants/m0017/specs/x.spec.ts. */
export function mutantOf(path: string): string {
  return /\/mutants\/(m\d+)\//.exec(path)?.[1] ?? VALID
}
