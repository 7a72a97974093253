// Conditions on the values of a document, restated from the Validate functions of siderolabs/talos pkg/machinery:
// v1.11.6, v1.12.7, v1.13.9, v1.14.1.
import type { YamlPlace } from '#harness/formats/yaml/nodes.ts'
import type { Minor } from '#harness/machine-config/schema/schema.ts'
import { View } from './view.ts'

/** The rule that a violation breaks. */
export type ViolationClass = 'value' | 'conflict' | 'combination' | 'control plane' | 'expression'

export type Violation = {
  readonly class: ViolationClass
  readonly at: YamlPlace
  readonly key: string
  /** Lower-case clause behind the key. */
  readonly message: string
  readonly expected?: string
  readonly got?: string
  /** Says more of another violation. */
  readonly isNote?: boolean
}

export type Fail = (view: View, message: string, more?: { readonly expected?: string; readonly got?: string }) => void

export type Subject = {
  readonly doc: View
  /** 11 for Talos 1.11. */
  readonly minor: number
  readonly fail: Fail
  /** The same for an expression, which has a rule of its own. */
  readonly failExpression: Fail
}

export type Check = (subject: Subject) => void

/** Document kind → its condition. */
export type Checks = Readonly<Record<string, Check>>

export function minorNumber(minor: Minor): number {
  return Number(minor.slice(2))
}

/** `view` is empty. */
export function required({ doc, fail }: Subject, ...keys: readonly string[]): void {
  const view = doc.get(...keys)
  if (!view.isText) fail(view, 'is required')
}

/** `view` holds one of the words, or nothing. */
export function oneOf(fail: Fail, view: View, words: readonly string[]): void {
  if (!words.includes(view.text))
    fail(view, 'has another value than it can have', {
      expected: words.filter((word) => word !== '').join(', '),
      got: view.text,
    })
}

/** Joins checks: all of them, in order. */
export const all =
  (...checks: readonly Check[]): Check =>
  (subject) => {
    for (const check of checks) check(subject)
  }

export const named: Check = (subject) => required(subject, 'name')
