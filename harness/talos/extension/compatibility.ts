// The Talos versions that an extension admits: pkg/machinery/extensions/validate.go (siderolabs/talos v1.11.5), which
// reads `compatibility.talos.version` as a range of github.com/blang/semver/v4 (v4.0.0, range.go).
import semver, { type SemVer } from 'semver'
import { FormatError, type FormatCode, type Location } from '../../errors.ts'

/** A genuine range has some twenty characters; the splitting below looks back over runs of spaces. */
const MAX_RANGE = 1024

type Test = (order: number) => boolean
type Condition = { readonly test: Test; readonly version: SemVer }

const isEqual: Test = (order) => order === 0
const isOther: Test = (order) => order !== 0
/**
 * Tests by operator; the order is that of the Talos version against the operand. Not blang's: `~`, `^`, `=>`, ` - `.
 */
const TESTS: ReadonlyMap<string, Test> = new Map([
  ['', isEqual],
  ['=', isEqual],
  ['==', isEqual],
  ['!', isOther],
  ['!=', isOther],
  ['>', (order) => order > 0],
  ['>=', (order) => order >= 0],
  ['<', (order) => order < 0],
  ['<=', (order) => order <= 0],
])

/**
 * True if a range such as `>= v1.5.0 <1.12.0 || 1.13.x` admits a Talos version such as `v1.14.0-rc.1`, of which only
 * 1.14.0 counts. '' admits all. FormatError `talos range`: MALFORMED for what blang/semver refuses, LIMIT_EXCEEDED for
 * a range of more than MAX_RANGE characters.
 */
export function admitsTalos(range: string, talosVersion: string, where: Location = {}): boolean {
  const version = semver.parse(talosVersion)
  if (version === null) throw fail('MALFORMED', `expected a Talos version, got ${talosVersion}`, where)
  if (range === '') return true
  if (range.length > MAX_RANGE)
    throw fail('LIMIT_EXCEEDED', `expected at most ${MAX_RANGE} characters, got ${range.length}`, where)
  const core = new semver.SemVer(`${version.major}.${version.minor}.${version.patch}`)
  const alternatives = parseRange(range, where)
  return alternatives.some((all) => all.every(({ test, version: operand }) => test(core.compare(operand))))
}

function parseRange(range: string, where: Location): readonly (readonly Condition[])[] {
  const terms = splitTerms(range.replaceAll(/v(?=[0-9])/g, ''))
  const alternatives: string[][] = [[]]
  for (const term of terms) {
    if (term === '||') alternatives.push([])
    else alternatives.at(-1)?.push(term)
  }
  // blang names an error for an operator that is first or last, and crashes on one that follows another.
  if (alternatives.some((all) => all.length === 0))
    throw fail('MALFORMED', `expected a version on both sides of every ||, got ${JSON.stringify(range)}`, where)
  return alternatives.map((all) => all.flatMap(expandWildcard).map((term) => parseCondition(term, range, where)))
}

/**
 * Splits at spaces, except after an operator that ends in `<`, `>` or `=`. blang drops a term of one character, and so
 * reads `! 1.2.3` as `1.2.3`.
 */
function splitTerms(range: string): string[] {
  return range
    .split(/(?<![<>=] *) /)
    .filter((term) => term.length > 1)
    .map((term) => term.replaceAll(' ', ''))
}

/**
 * `1.2.x` and `1.x` as conditions without wildcards. The number of parts decides what is incremented, so that blang's
 * `1.x.x` ends before 1.1.0. An operator that blang does not
 * know is dropped and the wildcard is a zero: `~1.2.x` is 1.2.0.
 */
function expandWildcard(term: string): string[] {
  if (!term.includes('x')) return [term]
  const { operator, operand } = splitOperator(term)
  const parts = operand.split('.')
  const floor = operand.replace('.x.x', '.x').replace('.x', '.0')
  const first = floor.split('.').length === 2 ? `${floor}.0` : floor
  const next = parts.at(-1) === 'x' ? successor(first, parts.length) : ''
  if (operator === '>') return [`>=${next}`]
  if (operator === '<=') return [`<${next}`]
  if (operator === '' || operator === '=' || operator === '==') return [`>=${first}`, `<${next}`]
  // A conjunction that nothing satisfies: as blang has it.
  if (operator === '!' || operator === '!=') return [`<${first}`, `>=${next}`]
  return operator === '>=' || operator === '<' ? [operator + first] : [first]
}

/** The version after all that a wildcard of so many parts covers; '' where there is none. */
function successor(version: string, parts: number): string {
  const numbers = version.split('.')
  const at = parts === 3 ? 1 : 0
  const number = numbers[at] ?? ''
  if (parts < 2 || parts > 3 || !/^[0-9]+$/.test(number)) return ''
  return numbers.with(at, String(Number(number) + 1)).join('.')
}

function splitOperator(term: string): { operator: string; operand: string } {
  const digit = term.search(/\p{Nd}/u)
  return digit < 0
    ? { operator: term, operand: '' }
    : { operator: term.slice(0, digit).trim(), operand: term.slice(digit) }
}

function parseCondition(term: string, range: string, where: Location): Condition {
  const { operator, operand } = splitOperator(term)
  const test = TESTS.get(operator)
  const version = /^[0-9]/.test(operand) && operand.trim() === operand ? semver.parse(operand) : null
  if (test === undefined || version === null)
    throw fail('MALFORMED', `expected an operator and a version, got ${term} in ${JSON.stringify(range)}`, where)
  return { test, version }
}

function fail(code: FormatCode, message: string, where: Location): FormatError {
  return new FormatError('talos range', code, message, { at: where })
}
