import { describe, expect, it } from 'vitest'
import type { CandidateInput } from '#specs/support/run.ts'
import { groupCandidates } from './groups.ts'

const named = (key: string, members?: readonly string[]): CandidateInput =>
  ({ key, ...(members !== undefined && { members }) }) as unknown as CandidateInput
const keysOf = (...args: Parameters<typeof groupCandidates>) =>
  groupCandidates(...args).map((group) => group.map(({ key }) => key))
const many = (count: number) => Array.from({ length: count }, (_, at) => named(`${at}`))

describe('groupCandidates', () => {
  it('has the variants of a release together with it, before what is judged beside it', () => {
    const release = named('release', ['a', 'b'])
    expect(keysOf([named('a'), named('x'), named('b')], { releases: [release] })).toEqual([
      ['a', 'b', 'release'],
      ['x'],
    ])
    expect(keysOf([named('a'), named('b')], { releases: [release] })).toEqual([['a', 'b', 'release']])
  })

  it('has whole releases together, three of two variants each in a group', () => {
    const releases = ['1', '2', '3', '4'].map((name) => named(name, [`a${name}`, `b${name}`]))
    const candidates = [...releases.map(({ key }) => named(`a${key}`)), ...releases.map(({ key }) => named(`b${key}`))]
    expect(keysOf([...candidates, named('x')], { releases })).toEqual([
      ['a1', 'b1', '1', 'a2', 'b2', '2', 'a3', 'b3', '3'],
      ['a4', 'b4', '4'],
      ['x'],
    ])
  })

  it('has a project with all its nodes', () => {
    expect(keysOf(many(3), { project: named('project') })).toEqual([['0', '1', '2', 'project']])
  })

  it.each([
    [0, []],
    [1, [1]],
    [2, [1, 1]],
    [3, [2, 1]],
    [16, [8, 8]],
    [20, [8, 8, 4]],
  ])('shares %i others out in groups of %j, in their order', (count, sizes) => {
    const groups = keysOf(many(count), {})
    expect(groups.map(({ length }) => length)).toEqual(sizes)
    expect(groups.flat()).toEqual(many(count).map(({ key }) => key))
  })
})
