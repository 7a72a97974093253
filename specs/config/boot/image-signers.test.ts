import { describe, expect, it } from 'vitest'
import type { Contract } from '../../contract/contract.ts'
import { judgeVerifier } from './image-signers.ts'

const at = { path: 'a', line: 1, column: 1 }
const text = (value: string) => ({ value, at })
const ISSUER = 'https://issuer.example.com'
const SIGNERS: Contract['signing']['signers'] = [{ issuer: ISSUER, subject: 'me@example.com' }]

const judge = (subjectRegex: string, signers = SIGNERS) =>
  judgeVerifier(
    { pattern: text('*'), keyless: { issuer: text(ISSUER), subjectRegex: text(subjectRegex), at } },
    signers,
  ).map(({ kind = 'finding' }) => kind)

describe('judgeVerifier', () => {
  it.each([
    ['me@example.com', []],
    ['^(?:me@example\\.com)$', []],
    ['^you@', ['finding']],
    ['.*', ['finding']],
    ['', ['finding']],
    // Ambiguous to an engine that backtracks, and none of the expressions that are read.
    ['^(([a-z])+.)+[A-Z]([a-z])+$', ['note']],
    ['${SUBJECT}', []],
  ])('of the expression %j: %j', (expression, kinds) => {
    expect(judge(expression)).toEqual(kinds)
  })

  it('compares an expression with a pattern of the contract by its text', () => {
    const signers = [{ issuer: ISSUER, subjectPattern: '[a-z]+@example\\.com' }]
    expect(judge('^[a-z]+@example\\.com$', signers)).toEqual([])
    expect(judge('^[a-y]+@example\\.com$', signers)).toEqual(['note'])
  })

  it('finds what is no key, and nothing where the contract has no signer', () => {
    const rule = { pattern: text('*'), key: text('-----BEGIN PUBLIC KEY-----\n') }
    expect(judgeVerifier(rule, SIGNERS)).toMatchObject([{ message: 'the rule has no public key' }])
    expect(judgeVerifier(rule, [])).toEqual([])
  })
})
