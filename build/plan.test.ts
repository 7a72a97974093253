import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { FormatError } from '#harness/errors.ts'
import { LOCK_LABEL, type Contract } from '#specs/contract/contract.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { makeAssetFiles } from './assets.ts'
import { BuildError } from './build-error.ts'
import { encodeImagerProfile } from './imager-profile.ts'
import { inputsRevision, planVariant } from './plan.ts'
import { locate } from './upstream/registry.ts'

const digest = (character: string) => `sha256:${character.repeat(64)}`
const file = { size: 1, sha256: 'a'.repeat(64) }
const lock: Lock = {
  schema: 2,
  talos: 'v1.13.9',
  sourceDate: 1787062459,
  kernelRelease: '6.18.44-talos',
  kernel: file,
  baseInitramfs: file,
  systemdStub: {
    ...file,
    dosHeader: '00'.repeat(64),
    fileHeader: `00000100${'00'.repeat(16)}`,
    optionalHeader: '00'.repeat(240),
    sections: [{ name: '.text', address: 0x1000, size: 1, rawSize: 1, flags: 0x60000020, sha256: 'a'.repeat(64) }],
  },
  systemdBoot: file,
  installerBase: {
    reference: 'ghcr.io/siderolabs/installer-base:v1.13.9',
    digest: digest('b'),
    diffIds: [digest('d')],
    config: {},
  },
  extensions: ['drbd', 'spin'].map((name) => ({
    name,
    reference: `ghcr.io/siderolabs/${name}:1`,
    digest: digest('c'),
    version: '1',
  })),
}
const contract = {
  talos: '>=1.11.0 <1.15.0',
  variants: { worker: { extensions: ['spin', 'drbd'] }, other: { extensions: ['spin', 'zfs', 'lldpd'] } },
  secureBoot: false,
  kernel: {},
  extraKernelArguments: ['-selinux', 'quiet'],
  extraAssets: ['boot/cmdline'],
  labels: { variant: 'x.variant', title: 'T', description: 'D', source: 'https://example.org/x' },
} as unknown as Contract
const plan = planVariant({ lock, contract, variant: 'worker' })

describe('planVariant', () => {
  it('names every part, in build order', () => {
    expect(plan).toMatchObject({
      tags: { installer: 'v1.13.9', assets: 'v1.13.9-assets' },
      sourceDate: 1787062459,
      kernelRelease: '6.18.44-talos',
      extensions: [{ name: 'spin' }, { name: 'drbd' }],
    })
    expect(plan.commandLine).toMatch(/^talos\.platform=metal .* quiet$/)
    expect(plan.commandLine).not.toContain('selinux')
    expect(plan.resetCommandLine).toBe(`${plan.commandLine} talos.experimental.wipe=system:EPHEMERAL,STATE`)
  })

  it('has the labels of OCI-009', () => {
    expect(plan.labels).toEqual({
      'org.opencontainers.image.title': 'T',
      'org.opencontainers.image.description': 'D',
      'org.opencontainers.image.source': 'https://example.org/x',
      'org.opencontainers.image.revision': inputsRevision(lock, contract),
      'org.opencontainers.image.version': 'v1.13.9',
      'org.opencontainers.image.base.name': 'ghcr.io/siderolabs/installer-base:v1.13.9',
      'org.opencontainers.image.base.digest': digest('b'),
      'x.variant': 'worker',
      [LOCK_LABEL]: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    })
    const named = planVariant({ lock, contract, variant: 'worker', revision: 'abc' })
    expect(named.labels['org.opencontainers.image.revision']).toBe('abc')
  })

  it('has a revision that says whether lock or contract changed', () => {
    const all = [
      inputsRevision(lock, contract),
      inputsRevision({ ...lock, sourceDate: 0 }, contract),
      inputsRevision(lock, { ...contract, extraAssets: [] }),
    ]
    expect(new Set(all).size).toBe(3)
    expect(all[0]).toMatch(/^[0-9a-f]{40}$/)
  })

  it.for<readonly [string, Lock, Contract, string, string]>([
    ['CONTRACT', lock, contract, 'nope', 'unknown variant nope; defined: worker, other'],
    [
      'LOCK',
      lock,
      contract,
      'other',
      'the lock lacks a digest of zfs, lldpd: npm run lock -- --talos v1.13.9 writes it',
    ],
    ['LOCK', { schema: 2 }, contract, 'worker', 'the lock lacks talos, kernel, baseInitramfs'],
    [
      'CONTRACT',
      { ...lock, talos: 'v1.10.3' },
      contract,
      'worker',
      'is for Talos >=1.11.0 <1.15.0, the lock pins v1.10.3',
    ],
    ['CONTRACT', lock, { ...contract, secureBoot: true }, 'worker', 'SecureBoot'],
    ['CONTRACT', lock, { ...contract, extraAssets: ['installer.iso'] }, 'worker', 'declares installer.iso'],
  ])('%s: %#', ([code, someLock, someContract, variant, text]) => {
    const error = (() => {
      try {
        return planVariant({ lock: someLock, contract: someContract, variant })
      } catch (thrown) {
        return thrown
      }
    })()
    expect(error).toBeInstanceOf(BuildError)
    expect(error).toMatchObject({ code, message: expect.stringContaining(text) })
  })

  it('does not guess how a minor behaves that it does not know', () => {
    const open = { ...contract, talos: '>=1.11.0' }
    expect(() => planVariant({ lock: { ...lock, talos: 'v1.15.0' }, contract: open, variant: 'worker' })).toThrow(
      FormatError,
    )
  })
})

describe('a kernel of one’s own', () => {
  const kernelImage = { reference: 'ghcr.io/you/own-kernel:v1.13.9', digest: digest('d') }
  const signer = { issuer: 'https://issuer.example.com', subject: 'me' }
  const own = { ...contract, kernel: { ...contract.kernel, image: kernelImage.reference, signer } }
  it('is planned where contract and lock have it, and refused where one of them has it', () => {
    expect(planVariant({ lock: { ...lock, kernelImage }, contract: own, variant: 'worker' }).files).toEqual(plan.files)
    expect(() => planVariant({ lock, contract: own, variant: 'worker' })).toThrow(
      /^the lock lacks a digest of ghcr\.io\/you\/own-kernel:v1\.13\.9: /,
    )
    expect(() => planVariant({ lock: { ...lock, kernelImage }, contract, variant: 'worker' })).toThrow(
      /^the lock pins the kernel of ghcr\.io\/you\/own-kernel:v1\.13\.9, which the contract does not name/,
    )
  })
})

describe('a board’s overlay', () => {
  const board = { name: 'board', image: 'ghcr.io/siderolabs/sbc-board:v1', arguments: ['console=ttyS2', 'cma=128MB'] }
  const overlays = [{ name: 'board', reference: board.image, digest: digest('d') }]
  const own = { ...contract, overlays: [{ ...board, options: { spi_boot: true, text: 'a: b' } }] }

  it('is planned as pinned, with its arguments before the defaults', () => {
    const planned = planVariant({ lock: { ...lock, overlays }, contract: own, variant: 'worker' })
    expect(planned.overlay).toEqual({ pinned: overlays[0], options: { spi_boot: true, text: 'a: b' } })
    expect(planned.commandLine).toMatch(/^talos\.platform=metal console=ttyS2 cma=128MB /)
    expect(encodeImagerProfile(planned, own)).toContain(`
  overlayInstaller:
    imageRef: ghcr.io/siderolabs/sbc-board:v1@${digest('d')}
`)
    expect(encodeImagerProfile(planned, own)).toContain(`
overlay:
  name: board
  image:
    imageRef: ghcr.io/siderolabs/sbc-board:v1@${digest('d')}
  options:
    spi_boot: true
    text: 'a: b'
output:
`)
  })

  it('is missed in a lock that does not pin it', () => {
    expect(() => planVariant({ lock, contract: own, variant: 'worker' })).toThrow('a digest of the overlay board')
  })
})

describe('makeAssetFiles', () => {
  it('writes tree, report and checksums', async () => {
    const parts = { kernel: Buffer.from('k'), initramfs: Buffer.from('i'), uki: Buffer.from('u') }
    const files = await makeAssetFiles({ ...plan, commit: 'c0ffee' }, parts)
    const text = (name: string) =>
      Buffer.from((files.find((one) => one.name.endsWith(name))?.data ?? []) as Uint8Array).toString()
    expect(files.map(({ name, mode, mtime }) => `${mode.toString(8)} ${mtime} ${name}`)).toEqual([
      '755 1787062459 assets/',
      '755 1787062459 assets/talos/',
      '755 1787062459 assets/talos/arm64/',
      '755 1787062459 assets/talos/arm64/boot/',
      '755 1787062459 assets/talos/arm64/validation/',
      '644 1787062459 assets/talos/arm64/boot/cmdline',
      '644 1787062459 assets/talos/arm64/boot/initramfs.xz',
      '644 1787062459 assets/talos/arm64/boot/vmlinuz',
      '644 1787062459 assets/talos/arm64/checksums.sha256',
      '644 1787062459 assets/talos/arm64/validation/build-report.txt',
    ])
    const lines = text('build-report.txt').split('\n')
    expect(lines.slice(1, 8)).toEqual([
      'Build Target: talos-linux-arm64 worker',
      'Build Outputs: boot/cmdline, boot/initramfs.xz, boot/vmlinuz',
      'Total Assets: 3',
      'Talos Version: v1.13.9',
      'CozyStack Commit: c0ffee',
      'Build Date: 2026-08-18T14:14:19Z',
      'Asset Inventory:',
    ])
    expect(lines[9]).toBe('0644 1 de7d1b721a1e0632b7cf04edf5032c8ecffa9f9a08492152b926f1a5a7e765d7 ./boot/initramfs.xz')
    expect(
      text('checksums.sha256')
        .split('\n')
        .map((line) => line.slice(64)),
    ).toEqual(['  ./boot/cmdline', '  ./boot/initramfs.xz', '  ./boot/vmlinuz', '  ./validation/build-report.txt', ''])
  })
})

describe('encodeImagerProfile', () => {
  it('says the same to the imager, every image by digest', () => {
    expect(parse(encodeImagerProfile(plan, contract))).toMatchObject({
      arch: 'arm64',
      platform: 'metal',
      secureboot: false,
      version: 'v1.13.9',
      customization: { extraKernelArgs: ['-selinux', 'quiet'] },
      input: {
        sdStub: { path: '/usr/install/arm64/systemd-stub.efi' },
        baseInstaller: { imageRef: `ghcr.io/siderolabs/installer-base:v1.13.9@${digest('b')}` },
        systemExtensions: [
          { imageRef: `ghcr.io/siderolabs/spin:1@${digest('c')}` },
          { imageRef: `ghcr.io/siderolabs/drbd:1@${digest('c')}` },
        ],
      },
      output: { kind: 'installer', outFormat: 'raw' },
    })
    const bare = parse(
      encodeImagerProfile({ ...plan, extensions: [] }, { ...contract, extraKernelArguments: [] }, 'iso'),
    )
    expect(bare).toMatchObject({ customization: {}, output: { kind: 'iso' } })
    expect(bare).not.toHaveProperty('input.systemExtensions')
  })
})

describe('locate', () => {
  const image = { reference: 'ghcr.io/siderolabs/drbd:9.2.14-v1.11.5', digest: digest('d') }

  it('finds an image where the lock says, or by its name in another namespace', () => {
    expect(locate(image, undefined)).toBe(`ghcr.io/siderolabs/drbd@${digest('d')}`)
    expect(locate(image, 'mirror.example/talos/')).toBe(`mirror.example/talos/drbd@${digest('d')}`)
  })

  it('refuses what is no registry', () => {
    expect(() => locate({ ...image, reference: 'oci:x' }, undefined)).toThrow(BuildError)
  })
})
