// The limits over everything that one reference leads to: each part of an image may be right and all together too much.
import { FormatError, type Location } from './errors.ts'

export type BudgetName = 'requests' | 'children' | 'entries' | 'bytes' | 'seconds'
export type BudgetLimits = Readonly<Record<BudgetName, number>>

/** Several times what a release needs: the biggest layer of a Talos installer has 400 MB. */
export const BUDGET: BudgetLimits = {
  /** Requests to the registry, redirects not counted; 500 layers are what Linux can stack. */
  requests: 2000,
  /** Manifests of an index. */
  children: 256,
  /** Entries of the tars of all layers together. */
  entries: 50_000,
  /** Bytes of the tars of all layers together. */
  bytes: 2 * 2 ** 30,
  /** The time from the first request to the last byte that comes. */
  seconds: 1800,
}

export const UNLIMITED: BudgetLimits = {
  requests: Number.POSITIVE_INFINITY,
  children: Number.POSITIVE_INFINITY,
  entries: Number.POSITIVE_INFINITY,
  bytes: Number.POSITIVE_INFINITY,
  seconds: Number.POSITIVE_INFINITY,
}

const UNITS: Readonly<Record<BudgetName, string>> = {
  requests: 'requests',
  children: 'manifests in an index',
  entries: 'entries in all layers together',
  bytes: 'unpacked bytes in all layers together',
  seconds: 'seconds for all of it',
}

const FORMAT = 'reference'

/** True for the error of a budget, which another limit would mend. */
export function isOverBudget(error: unknown): error is FormatError {
  return error instanceof FormatError && error.format === FORMAT && error.code === 'LIMIT_EXCEEDED'
}

/** The used part of the limits of one reference. */
export class Budget {
  readonly limits: BudgetLimits
  readonly #used = new Map<BudgetName, number>()

  constructor(limits: BudgetLimits) {
    this.limits = limits
  }

  /** FormatError LIMIT_EXCEEDED, which names the option that raises the limit. */
  spend(name: BudgetName, amount: number, at: Location): void {
    const used = (this.#used.get(name) ?? 0) + amount
    this.#used.set(name, used)
    if (used > this.limits[name]) throw this.exceeded(name, at)
  }

  exceeded(name: BudgetName, at: Location): FormatError {
    const message = `expected at most ${this.limits[name]} ${UNITS[name]}, got more: raise it with --limit ${name}=VALUE`
    return new FormatError(FORMAT, 'LIMIT_EXCEEDED', message, { at })
  }
}
