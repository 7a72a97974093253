// A rule that needs a fact which was not read yet is neither green nor red.

/** An error of a spec whose fact is absent from the lock; the gate makes it inconclusive. */
export class AbsentFactError extends Error {
  override name = 'AbsentFactError'
  readonly code = 'FACT_ABSENT'
  readonly fact: string

  constructor(fact: string) {
    super(`the lock has no ${fact}`)
    this.fact = fact
  }
}
