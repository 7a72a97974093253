import { describe, expect, it } from 'vitest'
import { applicability, type CandidateTargets } from './applicability.ts'
import type { Target } from './requirement.ts'

const installer: CandidateTargets = { parts: { installer: { image: true } }, pinned: true }
const folder: CandidateTargets = { parts: { assets: { image: false } }, pinned: true }
const both: CandidateTargets = { parts: { installer: { image: true }, assets: { image: true } }, pinned: true }

const partsOf = (targets: readonly Target[], candidate: CandidateTargets): readonly string[] =>
  applicability({ targets, pinned: false, scope: 'part' }, candidate).parts

describe('applicability', () => {
  it.each([
    ['an installer rule', ['installer'], installer, ['installer']],
    ['an installer rule on a folder', ['installer'], folder, []],
    ['a rule over every kernel', ['installer', 'assets'], both, ['installer', 'assets']],
    ['an image rule', ['image'], both, ['installer', 'assets']],
    ['an image rule on a bare folder', ['image'], folder, []],
    ['a registry rule on a local image', ['registry'], installer, []],
  ] as const)('finds the parts of %s', (_, targets, candidate, parts) => {
    expect(partsOf(targets, candidate)).toEqual(parts)
  })

  it('judges the manifest of the part that --target names, and of no other', () => {
    expect(partsOf(['image'], { ...both, targets: ['installer'] })).toEqual(['installer'])
    expect(partsOf(['image'], { ...both, targets: ['assets'] })).toEqual(['assets'])
    expect(partsOf(['image'], { ...both, targets: ['image'] })).toEqual(['installer', 'assets'])
  })

  it('leaves out what --target does not name', () => {
    expect(
      applicability({ targets: ['assets'], pinned: false, scope: 'part' }, { ...both, targets: ['installer'] }),
    ).toEqual({
      parts: [],
      reason: 'target assets is excluded by --target',
    })
  })

  it('leaves out pinned rules without a lock', () => {
    const { reason } = applicability(
      { targets: ['installer'], pinned: true, scope: 'part' },
      { ...installer, pinned: false },
    )
    expect(reason).toBe('not pinned: there is no lock to compare with')
  })

  it('takes rules over both parts once, where both are there and asked for', () => {
    const rule = { targets: ['assets', 'installer'], pinned: false, scope: 'parts' } as const
    expect(applicability(rule, both).parts).toEqual(['assets'])
    expect(applicability(rule, installer).reason).toBe('it compares with the target assets')
    expect(applicability(rule, { ...both, targets: ['assets'] }).reason).toBe('it compares with the target installer')
  })

  it('keeps rules over the installer image from the asset image', () => {
    const rule = { targets: ['release'], pinned: false, scope: 'installer' } as const
    expect(applicability(rule, both).parts).toEqual(['installer'])
    const assets: CandidateTargets = { parts: { assets: { image: true } }, pinned: true }
    expect(applicability(rule, assets).reason).toBe('it is judged over the installer image, and only there')
    expect(applicability(rule, { ...both, targets: ['installer'] }).reason).toBe(
      'target release is excluded by --target',
    )
  })

  it('holds media of one form apart from those of another', () => {
    const medium = (form: 'uki' | 'dir') => ({ parts: { media: { image: false, form } }, pinned: true })
    const rule = { targets: ['installer', 'media'], forms: ['uki', 'iso'], pinned: false, scope: 'part' } as const
    expect(applicability(rule, medium('uki')).parts).toEqual(['media'])
    expect(applicability(rule, medium('dir')).reason).toBe(
      'it is judged over media of the form uki, iso, and only there',
    )
    expect(applicability(rule, installer).parts).toEqual(['installer'])
    expect(applicability({ ...rule, targets: ['assets', 'media'], forms: undefined }, medium('dir')).parts).toEqual([
      'media',
    ])
    expect(applicability({ ...rule, targets: ['image'] }, medium('uki')).reason).toBe(
      'the candidate has no target image',
    )
  })

  it('keeps rules over a release for a candidate of both variants', () => {
    const rule = { targets: ['installer'], pinned: false, scope: 'release' } as const
    expect(applicability(rule, installer).reason).toContain('over both variants')
    expect(applicability(rule, { ...installer, release: true }).parts).toEqual(['installer'])
    expect(partsOf(['installer'], { ...installer, release: true })).toEqual([])
  })

  describe('of a machine configuration', () => {
    const rule = { targets: ['config'], pinned: false, scope: 'part' } as const
    const config = { parts: { ...both.parts, config: { image: false } }, pinned: true } as const

    it('needs one', () => {
      expect(applicability(rule, both).reason).toBe('no machine configuration was given: --config FILE')
      expect(applicability(rule, config).parts).toEqual(['config'])
      expect(applicability(rule, { ...config, targets: ['installer'] }).reason).toBe(
        'target config is excluded by --target',
      )
    })

    it('leaves the image alone where nothing else is asked for', () => {
      const asked = { ...config, targets: ['config'] } as const
      expect(applicability(rule, asked).parts).toEqual(['config'])
      expect(partsOf(['image'], asked)).toEqual([])
      expect(partsOf(['image'], config)).toEqual(['installer', 'assets'])
      expect(partsOf(['image'], { ...config, targets: ['installer', 'config'] })).toEqual(['installer'])
    })

    it.each([
      ['a role', { role: 'gateway' }, 'worker is no gateway'],
      ['an extension', { extension: 'drbd' }, 'worker has no extension drbd'],
      ['a service', { service: 'tailscale' }, 'worker has no service tailscale'],
    ] as const)('is about the variants of %s', (_, only, reason) => {
      const common = { forbidden: [], kernelModules: [] }
      const variants = {
        worker: { ...common, role: 'worker', extensions: [], serviceConfigurations: [] },
        gateway: { ...common, role: 'gateway', extensions: ['drbd'], serviceConfigurations: ['tailscale'] },
      } as const
      const of = (variant: string): unknown =>
        applicability({ ...rule, only }, { ...config, variant, contract: { variants } })
      expect(of('worker')).toEqual({ parts: [], reason })
      expect(of('gateway')).toEqual({ parts: ['config'] })
      expect(applicability({ ...rule, only }, config).parts).toEqual(['config'])
    })

    it('is about the contracts that ask for a profile', () => {
      const variants = {
        worker: {
          role: 'worker',
          extensions: [],
          forbidden: [],
          serviceConfigurations: [],
          kernelModules: [],
        },
      } as const
      const of = (cozystack: boolean): unknown =>
        applicability(
          { ...rule, only: { profile: 'cozystack' } },
          { ...config, variant: 'worker', contract: { variants, cozystack } },
        )
      expect(of(false)).toEqual({ parts: [], reason: 'the contract does not say cozystack: true' })
      expect(of(true)).toEqual({ parts: ['config'] })
    })

    it('compares with a reference where the contract names one, or the lock pins one', () => {
      const variants = {
        worker: { role: 'worker', extensions: [], forbidden: [], serviceConfigurations: [], kernelModules: [] },
      } as const
      const of = (contract: object, lock = {}): unknown =>
        applicability(
          { ...rule, only: { reference: true } },
          { ...config, variant: 'worker', contract: { variants, ...contract }, lock },
        )
      expect(of({})).toEqual({ parts: [], reason: 'the contract names no reference to compare with' })
      expect(of({ reference: 'x/talos' })).toEqual({ parts: ['config'] })
      const pinned = { reference: { reference: 'x/talos:v1', digest: `sha256:${'0'.repeat(64)}`, extensions: [] } }
      expect(of({}, pinned)).toEqual({ parts: ['config'] })
    })

    it('holds rules over a project apart from those over a node', () => {
      const node = { ...rule, targets: ['config'] } as const
      const across = { ...node, scope: 'project' } as const
      const alone = { ...config, parts: { config: { image: false } } }
      expect(applicability(across, alone).parts).toEqual([])
      expect(applicability(node, { ...alone, project: true }).parts).toEqual([])
      expect(applicability(across, { ...alone, project: true }).parts).toEqual(['config'])
    })
  })
})
