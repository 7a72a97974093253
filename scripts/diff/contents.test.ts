// Differences that no version and no name shows, and names that would pass for more than names.
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  addLayer,
  editConfig,
  editUkiBytes,
  readGolden,
  tarFile,
  writeLayout,
  type CandidateImage,
} from '#fixtures/counterexamples/candidate.ts'
import { ROOT } from '../root.ts'
import { runCommand } from '../testing/run-command.ts'
import { diff } from './main.ts'

const GOLDEN = `docker-archive:${join(ROOT, 'fixtures/golden/v1.11.5-spin-only/installer-arm64.tar')}`
const LABEL = 'io.cozystack.talos.variant'
/** In the command line of the second profile alone. */
const WIPE = 'talos.experimental.wipe=system:EPHEMERAL'
const HOSTILE = 'etc/a\n::error::b|`<script>@x'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'diff-contents-'))
})
afterAll(() => rm(folder, { recursive: true }))

const run = (...args: readonly string[]) => runCommand(diff, [...args, '--cache', join(folder, 'cache')])

async function write(name: string, image: CandidateImage): Promise<string> {
  return writeLayout(image, join(folder, name))
}

/** The UKI with one byte turned over, `behind` bytes after `text`. */
function flip(image: CandidateImage, text: string, behind = 0): Promise<CandidateImage> {
  return editUkiBytes(image, (bytes) => {
    const at = Buffer.from(bytes).lastIndexOf(text) + behind
    bytes[at] = (bytes[at] ?? 0) ^ 1
    return bytes
  })
}

function labelled(image: CandidateImage, variant: string): CandidateImage {
  return editConfig(image, (config) => ({
    ...config,
    config: { ...config.config, Labels: { ...config.config?.Labels, [LABEL]: variant } },
  }))
}

describe('npm run diff', { timeout: 240_000 }, () => {
  it.each([
    ['the stub', '#### LoaderInfo: systemd-stub', 44, 'systemd-stub', 'UKI!.sdmagic'],
    ['a second profile', WIPE, 0, 'UKI .cmdline', 'UKI!.cmdline'],
  ] as const)('is not silent about other bytes of %s', async (_, text, behind, part, path) => {
    const other = await write(part, await flip(await readGolden('v1.11.5-spin-only'), text, behind))
    const { exit, stdout } = await run(GOLDEN, other, '--files')
    expect(exit).toBe(3)
    expect(stdout).toContain(`  note    the same release, other bytes: ${part}\n`)
    expect(stdout).toContain(`~ ${path}\n`)
  })

  it('tells files apart that have the path of another part', async () => {
    const golden = await readGolden('v1.11.5-spin-only')
    const [a, b] = await Promise.all(['a', 'b'].map((text) => write(text, addLayer(golden, [tarFile('kernel', text)]))))
    const { exit, stdout } = await run(a ?? '', b ?? '', '--files')
    expect(exit).toBe(3)
    expect(stdout).toContain('~ kernel\n')
  })

  it('goes by the extensions of an image, and by its label where they are of no variant', async () => {
    const worker = await write('worker', labelled(await readGolden('v1.11.5-spin-tailscale'), 'spin-only'))
    const { exit, stdout } = await run(GOLDEN, worker)
    expect(exit).toBe(1)
    expect(stdout).toContain('  breaks  the image is of the variant spin-tailscale (was spin-only)\n')
    const plain = await write('plain', labelled(await readGolden('v1.11.5-plain'), 'spin-only'))
    expect((await run(GOLDEN, plain)).stdout).not.toContain('is of the variant')
  })

  it('compares of a folder with boot files what it has', async () => {
    const inputs = join(ROOT, 'fixtures/golden/v1.11.5-spin-only')
    const boot = join(folder, 'boot')
    await mkdir(boot)
    await cp(join(inputs, 'kernel-arm64'), join(boot, 'vmlinuz-arm64'))
    await cp(join(inputs, 'initramfs-metal-arm64.xz'), join(boot, 'initramfs-arm64.xz'))
    const { stdout } = await run(`dir:${boot}`, GOLDEN)
    expect(stdout.split('\n').slice(1)).toEqual([
      '  note    Talos is v1.11.5',
      '',
      'differs: 0 break, 0 to decide, 1 to know',
      '',
    ])
  })

  it('keeps names of an image in their line, and Markdown from taking them for markup', async () => {
    const plain = addLayer(await readGolden('v1.11.5-plain'), [tarFile(HOSTILE, '')])
    const hostile = await write('hostile', labelled(plain, '::error::\n::stop-commands::x'))
    const markdown = join(folder, 'markdown')
    const { stdout } = await run(hostile, GOLDEN, '--files', '--output', `markdown=${markdown}`)
    const text = await readFile(markdown, 'utf8')
    for (const lines of [stdout.split('\n'), text.split('\n')])
      expect(lines.filter((line) => /^\s*::/.test(line))).toEqual([])
    expect(stdout).toContain('- etc/a\\u{a}::error::b|`<script>@x\n')
    expect(text).toContain('    - etc/a\\u{a}::error::b|`<script>@x\n')
    expect(text).toContain(
      '| breaks | the image is of the variant spin-only (was ::error::\\\\u\\{a\\}::stop-commands::x) |',
    )
  })
})
