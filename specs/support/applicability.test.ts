import { describe, expect, it } from 'vitest'
import { applicability, type CandidateFaces } from './applicability.ts'
import type { Face } from './requirement.ts'

const installer: CandidateFaces = { parts: { installer: { image: true } }, pinned: true }
const folder: CandidateFaces = { parts: { assets: { image: false } }, pinned: true }
const both: CandidateFaces = { parts: { installer: { image: true }, assets: { image: true } }, pinned: true }

const partsOf = (faces: readonly Face[], candidate: CandidateFaces): readonly string[] =>
  applicability({ faces, pinned: false }, candidate).parts

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
    expect(applicability({ faces: ['assets'], pinned: false }, { ...both, faces: ['installer'] })).toEqual({
      parts: [],
      reason: 'face assets was not asked for',
    })
  })

  it('leaves out pinned rules without a lock', () => {
    const { reason } = applicability({ faces: ['installer'], pinned: true }, { ...installer, pinned: false })
    expect(reason).toBe('not pinned: there is no lock to compare with')
  })
})
