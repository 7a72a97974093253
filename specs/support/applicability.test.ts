import { describe, expect, it } from 'vitest'
import { applicability, type CandidateFaces } from './applicability.ts'
import type { Face } from './requirement.ts'

const installer: CandidateFaces = { parts: { installer: { image: true } }, pinned: true }
const folder: CandidateFaces = { parts: { assets: { image: false } }, pinned: true }
const both: CandidateFaces = { parts: { installer: { image: true }, assets: { image: true } }, pinned: true }

const partsOf = (faces: readonly Face[], candidate: CandidateFaces): readonly string[] =>
  applicability({ faces, pinned: false, scope: 'part' }, candidate).parts

describe('applicability', () => {
  it.each([
    ['an installer rule', ['installer'], installer, ['installer']],
    ['an installer rule on a folder', ['installer'], folder, []],
    ['a rule over every kernel', ['installer', 'assets'], both, ['installer', 'assets']],
    ['an image rule', ['image'], both, ['installer', 'assets']],
    ['an image rule on a bare folder', ['image'], folder, []],
    ['a registry rule on a local image', ['registry'], installer, []],
  ] as const)('finds the parts of %s', (_, faces, candidate, parts) => {
    expect(partsOf(faces, candidate)).toEqual(parts)
  })

  it('judges the manifest of the part that --face names, and of no other', () => {
    expect(partsOf(['image'], { ...both, faces: ['installer'] })).toEqual(['installer'])
    expect(partsOf(['image'], { ...both, faces: ['assets'] })).toEqual(['assets'])
    expect(partsOf(['image'], { ...both, faces: ['image'] })).toEqual(['installer', 'assets'])
  })

  it('leaves out what --face does not name', () => {
    expect(
      applicability({ faces: ['assets'], pinned: false, scope: 'part' }, { ...both, faces: ['installer'] }),
    ).toEqual({
      parts: [],
      reason: 'face assets was not asked for',
    })
  })

  it('leaves out pinned rules without a lock', () => {
    const { reason } = applicability(
      { faces: ['installer'], pinned: true, scope: 'part' },
      { ...installer, pinned: false },
    )
    expect(reason).toBe('not pinned: there is no lock to compare with')
  })

  it('takes rules over both parts once, where both are there and asked for', () => {
    const rule = { faces: ['assets', 'installer'], pinned: false, scope: 'parts' } as const
    expect(applicability(rule, both).parts).toEqual(['assets'])
    expect(applicability(rule, installer).reason).toBe('it compares with the face assets')
    expect(applicability(rule, { ...both, faces: ['assets'] }).reason).toBe('it compares with the face installer')
  })

  it('keeps rules over a release for what stands for both variants', () => {
    const rule = { faces: ['installer'], pinned: false, scope: 'release' } as const
    expect(applicability(rule, installer).reason).toContain('over both variants')
    expect(applicability(rule, { ...installer, release: true }).parts).toEqual(['installer'])
    expect(partsOf(['installer'], { ...installer, release: true })).toEqual([])
  })
})
