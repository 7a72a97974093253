// A wrong upstream is reported in one sentence that names the image, and nothing is written.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCommand, type CommandOutcome } from '../testing/run-command.ts'
import { serveUpstream, withoutArm64, type SignedUpstream } from '../testing/signed-upstream.ts'
import { lock } from './main.ts'

const TALOS = 'v1.11.5'
/** An idle machine takes half a second for one lock. */
const PATIENCE_MS = 240_000

const linesOf = ({ upstream }: SignedUpstream): readonly string[] =>
  upstream.images.filter(({ kind }) => kind === 'extension').map(({ reference, digest }) => `${reference}@${digest}`)
const swap = (lines: readonly string[], name: string, to: (line: string) => string): readonly string[] =>
  lines.map((line) => (line.includes(`/${name}:`) ? to(line) : line))
const run = (served: SignedUpstream, ...args: readonly string[]): Promise<CommandOutcome> => {
  const { namespace, trustedRoot, folder } = served
  const where = ['--upstream', namespace, '--trusted-root', trustedRoot, '--cache', join(folder, 'cache')]
  return runCommand(lock, [...where, '--talos', TALOS, '--lock', join(folder, 'lock.json'), ...args])
}

type Case = readonly [
  what: string,
  exit: 1 | 2,
  mutate: (served: SignedUpstream) => Promise<void>,
  /** All of it; `HOST` is the registry's, digests are cut short. */
  error: string | readonly string[],
  args?: readonly string[],
]

const CASES: readonly Case[] = [
  [
    'a catalogue with a tampered digest',
    1,
    (served) =>
      served.putCatalogue(
        TALOS,
        swap(linesOf(served), 'drbd', (line) => line.replace(/.{4}$/, 'beef')),
      ),
    'HOST/siderolabs/drbd:9.2.14-v1.11.5: the catalogue lists it as sha256:…: expected a manifest',
  ],
  [
    'a catalogue that lists another image, which is there too',
    1,
    async (served) => {
      const zfs = served.imageOf('zfs')
      await served.put('drbd', '9.2.14-v1.11.5', zfs.built)
      await served.sign('drbd', zfs.built.descriptor)
      await served.putCatalogue(
        TALOS,
        swap(linesOf(served), 'drbd', (line) => line.replace(/@.*/, `@${zfs.digest}`)),
      )
    },
    'HOST/siderolabs/drbd:9.2.14-v1.11.5: expected the extension drbd, got zfs',
  ],
  [
    'an unreadable catalogue',
    1,
    (served) => served.putCatalogue(TALOS, ['drbd']),
    'HOST/siderolabs/extensions:v1.11.5: catalogue: expected lines of <repository>:<tag>@<digest>, got "drbd"',
  ],
  [
    'a catalogue without an extension of the contract',
    1,
    (served) =>
      served.putCatalogue(
        TALOS,
        linesOf(served).filter((line) => !/\/(?:spin|zfs):/.test(line)),
      ),
    'HOST/siderolabs/extensions:v1.11.5: the catalogue lacks spin, zfs, which the contract names',
  ],
  [
    'an extension that moved',
    1,
    (served) => served.put('drbd', '9.2.14-v1.11.5', served.imageOf('zfs').built),
    'HOST/siderolabs/drbd:9.2.14-v1.11.5: the tag moved: the catalogue has sha256:…, the registry sha256:…; --accept-moved',
  ],
  [
    'an extension that is not there',
    1,
    async (served) =>
      void (await served.registry.content.deleteManifest(
        'siderolabs/spin',
        served.imageOf('spin').built.descriptor.digest,
      )),
    'HOST/siderolabs/spin:v0.21.0: the catalogue lists it as sha256:…: expected',
  ],
  [
    'an extension without an image for arm64',
    1,
    async (served) => {
      const built = await withoutArm64(served.imageOf('spin').built)
      await served.put('spin', 'v0.21.0', built)
      await served.sign('spin', built.descriptor)
      await served.putCatalogue(
        TALOS,
        swap(linesOf(served), 'spin', (line) => line.replace(/@.*/, `@${built.descriptor.digest}`)),
      )
    },
    ['HOST/siderolabs/spin:v0.21.0: ', 'expected one manifest for linux/arm64 in the index, got linux/amd64'],
  ],
  [
    'an imager without an image for arm64',
    1,
    async (served) => served.put('imager', TALOS, await withoutArm64(served.imageOf('imager').built)),
    'HOST/siderolabs/imager:v1.11.5: expected one manifest for linux/arm64 in the index, got linux/amd64',
  ],
  [
    'an imager for amd64 alone, which no index says',
    1,
    async (served) => {
      const built = served.upstream.releases.get(TALOS)?.reference.built
      if (built !== undefined) await served.put('imager', TALOS, built)
    },
    'HOST/siderolabs/imager:v1.11.5: expected an image for linux/arm64, got one for amd64',
  ],
  [
    'an imager of another release',
    1,
    async (served) => {
      const { built } = served.imageOf('extensions')
      await served.put('imager', TALOS, built)
      await served.sign('imager', built.descriptor)
    },
    'HOST/siderolabs/imager:v1.11.5: expected an image of Talos v1.11.5, got one of no release',
  ],
  [
    'a release that there is not',
    1,
    () => Promise.resolve(),
    'HOST/siderolabs/installer-base:v1.11.4: no such release: expected the tag v1.11.4, got no such tag',
    ['--talos', 'v1.11.4'],
  ],
  [
    'a layer with other bytes',
    1,
    async (served) => {
      const { blobs } = served.imageOf('zfs').built
      for (const { digest, data } of blobs) {
        const bytes = Buffer.from(await data.read(0, data.size))
        if (bytes[0] !== 0x1f) continue
        bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
        await served.registry.content.putBlob('siderolabs/zfs', bytes, digest)
      }
    },
    ['HOST/siderolabs/zfs:2.3.3-v1.11.5: ', 'expected sha256:…'],
  ],
  [
    'a catalogue signed by another identity',
    1,
    async (served) => served.signByOther('extensions'),
    ['HOST/siderolabs/extensions:v1.11.5: no valid signature of upstream: ', 'someone@siderolabs.com.example'],
  ],
  [
    'an extension signed by another identity',
    1,
    async (served) => served.signByOther('zfs'),
    ['HOST/siderolabs/zfs:2.3.3-v1.11.5: no valid signature of upstream: ', 'someone@siderolabs.com.example'],
  ],
  [
    'a signature of an unknown kind',
    2,
    async (served) => {
      await served.unsign('imager')
      await served.signAs('imager', 'application/vnd.dev.sigstore.bundle.v9.9+json')
    },
    'HOST/siderolabs/imager:v1.11.5: whether upstream signed it could not be determined: ',
  ],
  [
    'a registry that cannot be reached',
    2,
    ({ registry }) => registry.close(),
    'HOST/siderolabs/installer-base:v1.11.5: ',
  ],
  [
    'a reference that is not there',
    1,
    () => Promise.resolve(),
    'HOST/you/talos:v1: expected the tag v1, got no such tag',
    ['--reference', 'HOST/you/talos:v1'],
  ],
  [
    'a reference that is no installer',
    1,
    () => Promise.resolve(),
    'HOST/siderolabs/zfs:2.3.3-v1.11.5: expected a file usr/install/amd64/vmlinuz.efi, got none',
    ['--reference', 'HOST/siderolabs/zfs:2.3.3-v1.11.5'],
  ],
]

describe('npm run lock refuses', { timeout: PATIENCE_MS }, () => {
  it.for(CASES)('%s', async ([, status, mutate, error, args = []]) => {
    await using served = await serveUpstream([TALOS])
    const { host } = served.registry
    await mutate(served)
    const before = await readdir(served.folder)
    const { exit, stdout, stderr } = await run(served, ...args.map((one) => one.replace('HOST', host)))
    expect([exit, stdout], stderr).toEqual([status, ''])
    const [last = ''] = stderr.trimEnd().split('\n').slice(-1)
    const line = last.replaceAll(host, 'HOST').replaceAll(/sha256:[0-9a-f]{64}/g, 'sha256:…')
    expect(line).toMatch(/^error: /)
    for (const part of [error].flat()) expect(line).toContain(part)
    expect((await readdir(served.folder)).filter((name) => name !== 'cache')).toEqual(before)
  })
})
