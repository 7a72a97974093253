import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeCozystackImage } from '#fixtures/simulator/upstream/cozystack.ts'
import { writeImageLayout } from '#fixtures/simulator/upstream/layout.ts'
import { RELEASES } from '#fixtures/simulator/upstream/release.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { ROOT } from '../root.ts'
import { runCommand } from '../testing/run-command.ts'
import { diff } from './main.ts'
import { diffSchema } from './report.ts'

const golden = (name: string): string => `docker-archive:${join(ROOT, 'fixtures/golden', name, 'installer-arm64.tar')}`
const [WORKER, GATEWAY, NEWER] = [
  golden('v1.11.5-spin-only'),
  golden('v1.11.5-spin-tailscale'),
  golden('v1.13.9-spin-tailscale'),
]

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'diff-'))
})
afterAll(() => rm(folder, { recursive: true }))

const run = (...args: readonly string[]) => runCommand(diff, [...args, '--cache', join(folder, 'cache')])
const file = (name: string): string => join(folder, name)

describe('npm run diff', { timeout: 240_000 }, () => {
  it.each([[[]], [['--files']]])('says nothing of an image and itself (%j)', async (options) => {
    const { exit, stdout, stderr } = await run(WORKER, WORKER, ...options)
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
    expect(stdout).toMatch(/^spin-only v1\.11\.5 \(\S+\) → spin-only v1\.11\.5 \(\S+\)\n\n(\n)?the same\n$/)
  })

  it('is red for another variant, and has files, sizes and every change in each output', async () => {
    const outputs = ['json', 'markdown', 'html'].flatMap((format) => ['--output', `${format}=${file(format)}`])
    const { exit, stdout } = await run(WORKER, GATEWAY, '--files', ...outputs)
    expect(exit).toBe(1)
    expect(stdout).toContain('  breaks  the image is of the variant spin-tailscale (was spin-only)\n')
    expect(stdout).toContain('+ tailscale!usr/local/etc/containers/tailscale.yaml\n')
    expect(stdout).toMatch(/\nBREAKS: 1 breaks, 0 to decide, 2 to know, files: 0 gone, 17 new, 1 changed\n$/)
    const report = diffSchema.parse(JSON.parse(await readFile(file('json'), 'utf8')))
    expect(report).toMatchObject({ effect: 'breaks', is: { variant: 'spin-tailscale', architecture: 'arm64' } })
    expect(report.files?.changed).toEqual(['initramfs!extensions.yaml'])
    const markdown = await readFile(file('markdown'), 'utf8')
    expect(markdown).toMatch(/^\| breaks \| the image is of the variant spin-tailscale \(was spin-only\) \|/m)
    const html = await readFile(file('html'), 'utf8')
    expect(html).toContain('<span class="badge bad">breaks</span>')
    expect(html.match(/<svg class="bar"/g)).toHaveLength(2)
    expect(html.match(/<svg class="map"/g)).toHaveLength(2)
    expect(html).toMatch(
      /<tr><th scope="row">tailscale<\/th><td>extension segment<\/td><td class="number"><\/td><td class="number">[\d.]+ KiB<\/td>/,
    )
    expect(html).toContain('<li><code>tailscale!usr/local/etc</code></li>')
  })

  it('says what a configuration makes of it', async () => {
    await writeFile(
      file('node.yaml'),
      'version: v1alpha1\nmachine:\n  type: worker\n  kernel:\n    modules:\n      - name: zfs\n',
    )
    const { exit, stdout } = await run(WORKER, golden('v1.11.5-plain'), '--config', file('node.yaml'))
    expect(exit).toBe(1)
    expect(stdout).toContain(
      '  breaks  the module zfs is gone, as is the extension zfs, and the configuration loads it',
    )
    expect(stdout).toContain(
      '  decide  zfs 2.3.3-v1.11.5 is gone, with service zfs-service (waits for path /dev/zfs, service cri, service udevd), modules spl and zfs\n',
    )
    const gateway = await run(WORKER, GATEWAY, '--config', file('node.yaml'))
    expect(gateway.stdout).toMatch(
      /breaks {2}the service tailscale of tailscale waits for its ExtensionServiceConfig.*\n {10}touches CFG-001, ExtensionServiceConfig\n/,
    )
  })

  it.each([
    ['no YAML', 'machine: ][\n', /unread\.yaml:1:10: the file is no YAML to Talos/],
    ['nothing', '', /unread\.yaml:1:1: the file has no document/],
    ['a document of another kind', 'apiVersion: v1\nkind: Pod\n', /unread\.yaml:2:1: the file is no kind of document/],
  ])(
    'says nothing with a configuration that is %s, of which it would say that it loads nothing',
    async (_, text, reason) => {
      await writeFile(file('unread.yaml'), text)
      const { exit, stderr } = await run(WORKER, WORKER, '--config', file('unread.yaml'))
      expect(exit).toBe(2)
      expect(stderr).toMatch(reason)
    },
  )

  it('is red for a skipped minor, and for an older release', async () => {
    const up = await run(GATEWAY, NEWER)
    expect(up.exit).toBe(1)
    expect(up.stdout).toContain('  breaks  from v1.11.5 to v1.13.9 skips 1.12\n')
    const down = await run(NEWER, GATEWAY)
    expect(down.exit).toBe(1)
    expect(down.stdout).toContain('  breaks  Talos v1.11.5 is older than v1.13.9\n')
  })

  it('is red for another architecture, which it does not read', async () => {
    const spool = new Spool(file('spool'))
    const built = await makeCozystackImage(RELEASES['v1.11.5'], {}, { spool, mtime: 0, gzipLevel: 1 })
    await writeImageLayout(file('amd64'), built, 'v1.11.5')
    await spool.close()
    const { exit, stdout } = await run(WORKER, `oci:${file('amd64')}`)
    expect(exit).toBe(1)
    expect(stdout).toContain('  breaks  the image is for amd64 (was arm64)\n')
  })

  it('keeps what was read of an image by its digest, and reads that', async () => {
    const cache = file('once')
    const ask = () => runCommand(diff, [WORKER, GATEWAY, '--cache', cache])
    const first = await ask()
    const kept = join(cache, 'descriptions/1')
    const names = await readdir(kept)
    expect(names).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.image\.json$/), expect.any(String)])
    for (const name of names) {
      const text = await readFile(join(kept, name), 'utf8')
      await writeFile(join(kept, name), text.replaceAll('"version":"v0.21.0"', `"version":"${name.slice(0, 4)}"`))
    }
    const again = await ask()
    expect(first.stdout).not.toContain('spin is')
    expect(again.stdout).toContain('spin is')
  })

  it.each([
    ['an image that is not there', [WORKER, 'oci:nothing'], /^error: oci:nothing: /],
    ['a lock that is none', [WORKER, join(ROOT, 'package.json')], /package\.json/],
    ['a configuration that is not there', [WORKER, WORKER, '--config', 'nothing.yaml'], /nothing\.yaml cannot be read/],
    ['one side', [WORKER], /missing required argument/],
    ['an output of no kind', [WORKER, WORKER, '--output', 'pdf=x'], /expected FORMAT=FILE/],
    [
      'one release that is not embedded',
      ['v1.11.5', 'v1.12.0', '--upstream', 'embedded'],
      /no v1\.12\.0: --upstream embe/,
    ],
    ['releases that are not embedded', ['v1.2.3', 'v1.2.4', '--upstream', 'embedded'], /embedded has v1\.11\.5, /],
  ])('could not tell of %s', async (_, args, expected) => {
    const { exit, stdout, stderr } = await run(...args)
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' })
    expect(stderr).toMatch(expected)
  })
})
