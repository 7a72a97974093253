import { parseReference } from '#harness/oci/image/reference.ts'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Lock } from '#specs/contract/lock.ts'
import type { Part } from '#specs/contract/tags.ts'
import type { Contents, DescribedExtension } from '../verdict/conformance.ts'
import { readContents } from './contents.ts'
import { openPart } from './part.ts'
import { ROOT } from '../../root.ts'

const TERMS = { forbidden: ['tailscale'], lock: undefined }
const withWaits = ({ name, waits }: DescribedExtension['services'][number]): string => `${name} (${waits.join(', ')})`
const GOLDEN = join(ROOT, 'fixtures/golden')

describe('readContents', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'contents-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const place = () => ({ cacheFolder: folder })
  const read = async (part: Part, reference: string): Promise<Contents | undefined> => {
    const opened = await openPart(part, parseReference(reference), place())
    try {
      return await readContents([opened], TERMS)
    } finally {
      await opened.talos.close()
    }
  }

  it('lists extensions, services and sizes of an installer', async () => {
    const contents = await read('installer', `docker-archive:${GOLDEN}/v1.11.5-spin-tailscale/installer-arm64.tar`)
    expect(contents?.extensions?.map(({ name, services }) => [name, ...services.map(withWaits)].join(' '))).toEqual([
      'bnx2-bnx2x',
      'intel-ice-firmware',
      'qlogic-firmware',
      'drbd',
      'zfs zfs-service (path /dev/zfs, service cri, service udevd)',
      'spin',
      'tailscale tailscale (configuration, network addresses connectivity etcfiles, service cri)',
      'modules.dep',
    ])
    expect(contents?.extensions?.find(({ name }) => name === 'spin')?.handlers).toEqual(['spin'])
    expect(contents?.extensions?.filter(({ forbidden }) => forbidden).map(({ name }) => name)).toEqual(['tailscale'])
    expect(contents?.extensions?.at(-2)).toMatchObject({ version: '1.88.1', size: 143_360 })
    expect(contents?.sizes).toEqual({ kernel: 10_752, baseInitramfs: 11_052, extensions: 158_870, other: 740_466 })
  })

  it('leaves out what cannot be read', async () => {
    await mkdir(join(folder, 'boot'))
    await writeFile(join(folder, 'boot/vmlinuz'), '')
    expect(await read('assets', `dir:${folder}`)).toEqual({
      sizes: { kernel: 0, other: 0 },
    })
  })

  it.each([
    ['the lock pins it', 'sha256:aa', { issuer: 'an issuer', subject: 'someone' }, { signer: 'someone (an issuer)' }],
    ['a key signed it', 'sha256:aa', { key: 'ab' }, { signer: 'the key sha256:ab' }],
    ['the lock pins another', 'sha256:bb', { key: 'ab' }, {}],
  ])('names the base image; who signed it where %s', async (_, digest, signer, expected) => {
    const opened = await openPart('assets', parseReference(`dir:${folder}`), place())
    const labels = {
      'org.opencontainers.image.base.name': 'a/b:c',
      'org.opencontainers.image.base.digest': 'sha256:aa',
    }
    const lock = { installerBase: { digest, signer } } as unknown as Lock
    const contents = await readContents([{ ...opened, labels }], { forbidden: [], lock })
    expect(contents?.base).toEqual({ reference: 'a/b:c', digest: 'sha256:aa', ...expected })
    await opened.talos.close()
  })

  it('shows the installer where there are both parts', async () => {
    const [installer, assets] = await Promise.all([
      openPart('installer', parseReference(`docker-archive:${GOLDEN}/v1.11.5-plain/installer-arm64.tar`), place()),
      openPart('assets', parseReference(`dir:${folder}`), place()),
    ])
    expect((await readContents([assets, installer], TERMS))?.sizes.kernel).toBeGreaterThan(0)
    await Promise.all([installer.talos.close(), assets.talos.close()])
  })

  it('has nothing to show of no part', async () => {
    expect(await readContents([], TERMS)).toBeUndefined()
  })
})
