import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { DISKS } from '#fixtures/counterexamples/media/disk.ts'
import { ISOS } from '#fixtures/counterexamples/media/iso.ts'
import { makeCozystackImage } from '#fixtures/simulator/upstream/cozystack.ts'
import { writeImageLayout } from '#fixtures/simulator/upstream/layout.ts'
import { buildIndex } from '#fixtures/simulator/upstream/parts/oci.ts'
import { RELEASES } from '#fixtures/simulator/upstream/release.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { renderReference } from '#harness/oci/image/reference.ts'
import { prepareMedium } from '../selftest/prepare-medium.ts'
import { runCommand } from '../testing/run-command.ts'
import { ROOT } from '../root.ts'
import { inspect } from './main.ts'
import type { Shown } from './shown.ts'

const GOLDEN = join(ROOT, 'fixtures/golden')
const INPUTS = join(GOLDEN, 'inputs/v1.11.5')
const IMAGE = `docker-archive:${join(GOLDEN, 'v1.11.5-spin-tailscale/installer-arm64.tar')}`
const UKI = 'usr/install/arm64/vmlinuz.efi'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inspect-'))
})
afterAll(() => rm(folder, { recursive: true }))

const run = (...args: readonly string[]) => runCommand(inspect, [...args, '--cache', join(folder, 'cache')])

async function tree(...args: readonly string[]): Promise<{ readonly exit: number; readonly shown: Shown }> {
  const { exit, stdout, stderr } = await run(...args, '--json')
  expect(stderr).toBe('')
  return { exit, shown: JSON.parse(stdout) as Shown }
}

/** Names from the root on, and what is there. */
function at(shown: Shown, ...names: readonly string[]): Shown {
  const found = names.reduce<Shown | undefined>((node, name) => node?.parts?.find((one) => one.name === name), shown)
  if (found === undefined) throw new Error(`nothing at ${names.join('!')}`)
  return found
}

/** The bytes of a file as they are written to standard output. */
async function bytesOf(reference: string, path: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => chunks.push(Buffer.from(chunk)) > 0)
  try {
    expect(await inspect([reference, path, '--cache', join(folder, 'cache')])).toBe(0)
  } finally {
    spy.mockRestore()
  }
  return Buffer.concat(chunks)
}

describe('npm run inspect', { timeout: 240_000 }, () => {
  it('shows layers, sections, segments, and extensions with versions, services and modules', async () => {
    const { exit, shown } = await tree(IMAGE)
    expect(exit).toBe(0)
    expect(shown.facts).toMatchObject({ platform: 'linux/arm64', Talos: 'v1.11.5' })
    expect(shown.parts?.slice(0, 4).map(({ name }) => name)).toEqual(['manifest', 'config', 'layer 0', 'layer 1'])
    const uki = at(shown, UKI)
    expect(uki.facts).toEqual({ machine: 'arm64', 'systemd-stub': '257.7' })
    expect(at(uki, '.linux').facts).toMatchObject({ release: '6.12.57-talos', compression: 'zstd' })
    expect(at(uki, '.initrd', 'segment 0', 'rootfs.sqsh').facts['modules']).toBe(13)
    const segment = at(uki, '.initrd', 'segment 1')
    expect(segment.facts).toMatchObject({ compression: 'zstd', extensions: 8 })
    expect(at(segment, '4.sqsh').facts).toMatchObject({
      extension: 'zfs',
      version: '2.3.3-v1.11.5',
      modules: ['spl', 'zfs'],
      services: ['zfs-service (waits for path /dev/zfs, service cri, service udevd)'],
    })
    expect(at(segment, '5.sqsh').facts).toMatchObject({ extension: 'spin', handlers: ['spin'] })
    expect(at(segment, 'usr')).toMatchObject({ kind: 'folder', facts: { files: 8 } })
  })

  it('draws the same as a tree, with bars of shares where they are asked for', async () => {
    const { exit, stdout } = await run(IMAGE, '--size')
    expect(exit).toBe(0)
    expect(stdout).toMatch(/^█{20} 100 % docker-archive:\S+ {2}image, \d+ KiB; digest sha256:[0-9a-f]{12}…, platform/m)
    expect(stdout).toMatch(/^█{15} {5} +76 % {4}├─ \.splash {2}section, 577 KiB$/m)
    expect(stdout).toMatch(
      /^ +│ {5}│ {5}service zfs-service \(waits for path \/dev\/zfs, service cri, service udevd\)$/m,
    )
    // Two small sections are little of the program around them.
    expect(stdout).toMatch(/^█? +1 % │ {2}├─ \.osrel {2}section, 70 B; text ID=systemd-boot/m)
    const plain = await run(IMAGE)
    expect(plain.stdout).not.toContain('█')
    expect(plain.stdout.split('\n')).toHaveLength(stdout.split('\n').length)
  })

  it.each([
    ['a section', `${UKI}!.linux`, 'vmlinuz'],
    ['a file of a layer', 'layer 1!usr/install/arm64/systemd-boot.efi', 'systemd-boot.efi'],
    ['the same of all layers', 'usr/install/arm64/systemd-boot.efi', 'systemd-boot.efi'],
    ['a segment', `${UKI}!.initrd!segment 0`, 'initramfs.xz'],
  ])('writes the bytes of %s', async (_, path, input) => {
    const [written, wanted] = [await bytesOf(IMAGE, path), await readFile(join(INPUTS, input))]
    // systemd-boot.efi and the first segment come from upstream's image as they are.
    expect(written.equals(wanted)).toBe(true)
  })

  it.each([
    [`${UKI}!.initrd!segment 1!extensions.yaml`, /^layers:\n {4}- image: 0\.sqsh\n/],
    [`${UKI}!.initrd!segment 1!zfs!usr/local/etc/containers/zfs-service.yaml`, /^name: zfs-service$/m],
    [`${UKI}!.initrd!segment 0!rootfs.sqsh!etc/os-release`, /^VERSION_ID=v1\.11\.5$/m],
    [`${UKI}!.cmdline`, /^talos\.platform=metal /],
    ['config', /"alpha\.talos\.dev\/version":"v1\.11\.5"/],
  ])('writes the text of %s', async (path, expected) => {
    expect((await bytesOf(IMAGE, path)).toString()).toMatch(expected)
  })

  it('lists a folder, and a container with a ! behind it', async () => {
    const services = await run(IMAGE, `${UKI}!.initrd!segment 1!6.sqsh!usr/local/etc/containers`)
    expect(services).toMatchObject({ exit: 0, stderr: '' })
    expect(services.stdout).toMatch(/folder, [^\n]*files 1\n└─ tailscale\.yaml {2}file, 1\.23 KiB; mode 0644\n$/)
    const { shown } = await tree(IMAGE, `${UKI}!.initrd!segment 0!rootfs.sqsh!`)
    expect(shown.parts?.map(({ name }) => name)).toContain('usr')
    expect(at(shown, 'etc').facts).toHaveProperty('files')
  })

  it('shows an extension as upstream publishes it', async () => {
    const { exit, shown } = await tree(`oci:${INPUTS}/extensions/zfs`)
    expect(exit).toBe(0)
    const wanted = { extension: 'zfs', version: '2.3.3-v1.11.5', modules: ['spl', 'zfs'] }
    expect(shown.facts).toMatchObject(wanted)
  })

  it('shows boot files in a folder', async () => {
    const { exit, shown } = await tree(`dir:${INPUTS}`)
    expect(exit).toBe(0)
    expect(at(shown, 'vmlinuz').facts).toMatchObject({ release: '6.12.57-talos' })
    expect(at(shown, 'initramfs.xz', 'segment 0').parts?.map(({ name }) => name)).toEqual(['init', 'rootfs.sqsh'])
  })

  it('shows an image for amd64 alone, and one that an index has beside others', async () => {
    const spool = new Spool(join(folder, 'spool'))
    const options = { spool, mtime: 0, gzipLevel: 1 }
    const built = await makeCozystackImage(RELEASES['v1.11.5'], { Labels: {} }, options)
    const layout = join(folder, 'amd64')
    await writeImageLayout(layout, buildIndex([built]), 'v1.11.5')
    await spool.close()
    const { shown } = await tree(`oci:${layout}`)
    expect(shown.facts['platform']).toBe('linux/amd64')
    const uki = at(shown, 'usr/install/amd64/vmlinuz.efi')
    expect(uki.facts['machine']).toBe('amd64')
    const segments = at(uki, '.initrd').parts ?? []
    expect(segments.map(({ facts }) => facts['compression'])).toEqual(['none', 'zstd', 'zstd'])
    expect(segments[2]?.facts['extensions']).toBe(9)
    const arm64 = await run(`oci:${layout}`, '--architecture', 'arm64')
    expect(arm64.exit).toBe(2)
    expect(arm64.stderr).toContain('expected one manifest for linux/arm64 in the index, got linux/amd64')
  })

  it.each([
    ['UKI of a raw disk', DISKS, 'disk-of-the-recipe', 'EFI'],
    ['UKI of an ISO', ISOS, 'iso-of-the-recipe', 'EFI image'],
  ])('shows the %s', async (_, examples, name, partition) => {
    const example = examples.find((one) => one.name === name)
    if (example === undefined) throw new Error(`no medium ${name}`)
    const { references = {} } = (await prepareMedium(example, folder)).candidate
    if (references.media === undefined) throw new Error('no reference')
    const { exit, shown } = await tree(renderReference(references.media))
    expect(exit).toBe(0)
    const uki = at(shown, partition).parts?.find((part) => part.name.startsWith('EFI/Linux/'))
    expect(uki?.facts).toMatchObject({ machine: 'arm64' })
    expect(uki?.parts?.map((part) => part.name)).toContain('.initrd')
  })

  it('shows a kernel of another machine as a file, and says of what is damaged what is wrong', async () => {
    const broken = join(folder, 'broken')
    await mkdir(broken)
    await writeFile(
      join(broken, 'vmlinuz-amd64'),
      Buffer.concat([Buffer.alloc(0x202), Buffer.from('HdrS'), Buffer.alloc(64)]),
    )
    const amd64 = await tree(`dir:${broken}`)
    expect(amd64.exit).toBe(0)
    expect(at(amd64.shown, 'vmlinuz-amd64').facts['form']).toContain('got an x86 bzImage')
    await writeFile(join(broken, 'rootfs.sqsh'), 'hsqs')
    await writeFile(join(broken, 'vmlinuz.efi'), 'MZ')
    const { exit, shown } = await tree(`dir:${broken}`)
    expect(exit).toBe(2)
    for (const name of ['rootfs.sqsh', 'vmlinuz.efi']) expect(at(shown, name).facts['unreadable']).toContain(name)
  })

  it.each([
    [
      'a path that is not there',
      [IMAGE, `${UKI}!.nothing`],
      /^error: .*vmlinuz\.efi: expected \.nothing inside, got \.osrel, /,
    ],
    ['something inside a plain file', [IMAGE, 'config!x'], /^error: config: expected x inside, got nothing\n$/],
    ['a reference that is not there', ['oci:nothing'], /^error: oci:nothing: /],
    [
      'the image for another architecture than it is for',
      [IMAGE, '--architecture', 'amd64'],
      /expected an image for amd64, got one for arm64 alone/,
    ],
    [
      'an architecture that Talos is not built for',
      [`oci:${INPUTS}/extensions/zfs`, '--architecture', 'arm'],
      /Allowed choices are arm64, amd64/,
    ],
  ])('refuses %s', async (_, args, expected) => {
    const { exit, stdout, stderr } = await run(...args)
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' })
    expect(stderr).toMatch(expected)
  })

  it('sends no bytes that are no text to a terminal', async () => {
    const { isTTY } = process.stdout
    process.stdout.isTTY = true
    const { exit, stderr } = await run(IMAGE, `${UKI}!.linux`).finally(() => {
      process.stdout.isTTY = isTTY
    })
    expect(exit).toBe(2)
    expect(stderr).toContain('send it into a file with > FILE')
  })
})
