// Command lines that are refused: exit 2 and one sentence. In this process, since no image is judged.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CONTRACT_PATH } from '../judge/candidates/inputs.ts'
import { runCommand } from '../testing/run-command.ts'
import { main } from './main.ts'
import { ROOT } from '../root.ts'

const folder = await mkdtemp(join(tmpdir(), 'refusals-'))
afterAll(() => rm(folder, { recursive: true }))

const at = (name: string): string => join(folder, name)
const GOLDEN = `docker-archive:${join(ROOT, 'fixtures/golden/v1.11.5-plain/installer-arm64.tar')}`

beforeAll(async () => {
  const contract = await readFile(join(ROOT, CONTRACT_PATH), 'utf8')
  const files: Readonly<Record<string, string | Uint8Array>> = {
    'picture.tar': Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(2048, 'IDAT')]),
    'empty.tar': '',
    'mood.yaml': `${contract}\nmood: good\n`,
    'no.yaml': 'schema: [1\n  a: b\n\t- x',
    'machine.yaml': 'machine: {}\n',
    'schematic.yaml': 'customization: {}\n',
    'no.json': 'no json',
    'number.json': '7',
    'half.json': '{"schema":2,"talos":"newest"}',
  }
  await Promise.all(Object.entries(files).map(([name, content]) => writeFile(at(name), content)))
  await mkdir(at('empty'))
  await mkdir(at('no-index/blobs/sha256'), { recursive: true })
  await writeFile(at('no-index/oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
})

/** The exit status and all that `main` prints. */
async function run(args: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const { exit, ...printed } = await runCommand(main, ['--cache', at('cache'), '--report', at('report.json'), ...args])
  return { status: exit, ...printed }
}

const asSpinOnly = (reference: string): readonly string[] => [reference, '--variant', 'spin-only']
const golden = (...more: readonly string[]): readonly string[] => [...asSpinOnly(GOLDEN), ...more]

describe('main', () => {
  it.each<readonly [what: string, args: () => readonly string[], message: RegExp]>([
    ['a picture', () => asSpinOnly(`docker-archive:${at('picture.tar')}`), /expected a tar, got something else/],
    ['a picture as a layout', () => asSpinOnly(`oci-archive:${at('picture.tar')}`), /expected a tar/],
    ['an empty file', () => asSpinOnly(`docker-archive:${at('empty.tar')}`), /got an empty file/],
    ['an empty file as a layout', () => asSpinOnly(`oci-archive:${at('empty.tar')}`), /got an empty file/],
    ['an empty folder', () => asSpinOnly(`oci:${at('empty')}`), /expected an image layout .* got none/],
    ['an empty asset folder', () => asSpinOnly(`dir:${at('empty')}`), /got an empty folder/],
    ['a folder without boot files', () => asSpinOnly(`dir:${at('no-index')}`), /expected an asset tree/],
    ['a layout without index.json', () => asSpinOnly(`oci:${at('no-index')}`), /index\.json, got none/],
    ['a folder for a file', () => asSpinOnly(`docker-archive:${at('empty')}`), /expected a file, got a folder/],
    ['a file for a folder', () => asSpinOnly(`oci:${at('picture.tar')}`), /expected a folder, got a file/],
    ['a file for an asset folder', () => asSpinOnly(`dir:${at('picture.tar')}`), /expected a folder/],
    ['a file that is not there', () => asSpinOnly(`docker-archive:${at('absent.tar')}`), /got nothing/],
    ['a layout that is not there', () => asSpinOnly(`oci:${at('absent')}`), /got nothing/],
    ['an asset folder that is not there', () => asSpinOnly(`dir:${at('absent')}`), /got nothing/],
    ['a reference of no known form', () => asSpinOnly('http://x y'), /expected HOST\/REPOSITORY/],
    ['a reference that says nothing', () => asSpinOnly(''), /expected HOST\/REPOSITORY/],
    ['a reference of two lines', () => asSpinOnly('dir:a\nb\u{1b}[2J'), /dir:a\\u\{a\}b\\u\{1b\}\[2J/],
    [
      'no variant',
      () => [GOLDEN],
      /no label io\.cozystack\.talos\.variant: .* with --variant \(spin-only, spin-tailscale\)/,
    ],
    ['an unknown variant', () => [GOLDEN, '--variant', 'spin'], /unknown variant spin; defined: spin-only/],
    ['a variant of JavaScript’s', () => [GOLDEN, '--variant', 'constructor'], /unknown variant constructor/],
    ['an unknown variant of no image', () => ['--variant', 'spin'], /unknown variant spin; defined: spin-only/],
    ['an unknown area', () => golden('--only', 'KRN,XYZ'), /--only names no rule and no area: XYZ/],
    ['an unknown target', () => golden('--target', 'nonsense'), /expected some of image, installer/],
    ['an unknown option', () => golden('--nonsense'), /unknown option '--nonsense'/],
    [
      'an option that is nearly one',
      () => golden('--varient=x'),
      /^error: .*'--varient=x' \(Did you mean --variant\?\) \(/,
    ],
    ['a path that is not there', () => asSpinOnly('./a.tar'), /^error: \.\/a\.tar: no such file or folder\n$/],
    ['a folder of no image', () => asSpinOnly('.'), /\.: expected an image layout .*, got none of them/],
    [
      'a report over the contract',
      () => golden('--contract', at('mood.yaml'), '--report', at('mood.yaml')),
      /may not name .*mood\.yaml, which is read/,
    ],
    [
      'an output over the user’s own lock',
      () => golden('--output', 'junit=./talos-image.lock.json'),
      /may not name .*talos-image\.lock\.json/,
    ],
    ['one standard output for two', () => golden('--json', '--output', 'markdown=-'), /both write to standard output/],
    [
      'what is not there, once',
      () => asSpinOnly('docker-archive:none.tar'),
      /^error: docker-archive:none\.tar: expected a file or a folder, got nothing\n$/,
    ],
    ['a relative contract', () => golden('--contract', 'none.yaml'), /none\.yaml \(\/.*\/none\.yaml\) cannot be read/],
    [
      'a configuration for no one variant',
      () => ['--config', at('machine.yaml')],
      /configuration of one node is of one variant, .* --variant/,
    ],
    ['an absent configuration', () => golden('--config', at('absent')), /absent cannot be read: there is no such file/],
    [
      'a configuration that is no YAML, of no variant',
      () => ['--config', at('no.yaml')],
      /no\.yaml:1:10: the file is no YAML to Talos/,
    ],
    ['an absent schematic', () => golden('--schematic', at('absent')), /absent cannot be read: there is no such file/],
    ['a device in the place of a schematic', () => golden('--schematic', '/dev/zero'), /zero is no file/],
    ['what is no schematic', () => golden('--schematic', at('machine.yaml')), /schematic: .*key.*machine/],
    [
      'a schematic of nothing',
      () => ['--schematic', at('schematic.yaml')],
      /name its REFERENCE, or leave --schematic out/,
    ],
    ['no configuration', () => golden('--config'), /'--config <FILE\.\.\.>' argument missing/],
    ['a contract that is no YAML', () => golden('--contract', at('no.yaml')), /yaml: .*no\.yaml:1:10\)/],
    [
      'a contract that is not there',
      () => golden('--contract', at('absent')),
      /contract .* cannot be read: there is no such file/,
    ],
    ['a folder for a contract', () => golden('--contract', at('empty')), /cannot be read: it is a folder/],
    [
      'a lock that is no JSON',
      () => golden('--lock', at('no.json')),
      /expected JSON in UTF-8: .*no\.json.*: npx talos-image lock/,
    ],
    ['a lock that is not there', () => golden('--lock', at('absent')), /lock .* cannot be read: there is no such file/],
  ])('refuses %s', async (_, args, message) => {
    const { status, stdout, stderr } = await run(args())
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/^error: [^\n]+\n$/)
    expect(stderr).toMatch(message)
  })

  it.each([
    ['that is a number', 'number.json', /number\.json:1:1 expected a mapping, got 7$/],
    ['of no release', 'half.json', /half\.json:1:21 expected a Talos tag such as v1\.11\.5, got "newest"$/],
  ])('refuses a lock %s, at its place', async (_, name, message) => {
    const { status, stdout, stderr } = await run(golden('--lock', at(name)))
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(
      /^error: the lock [^\n]* one finding; a lock is written by: npx talos-image lock [^\n]*\n {2}/,
    )
    expect(stderr.trimEnd()).toMatch(message)
  })

  it('refuses a contract with an unknown key, at its place', async () => {
    const { status, stdout, stderr } = await run(golden('--contract', at('mood.yaml')))
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    const [first, second = '', ...rest] = stderr.trimEnd().split('\n')
    expect(first).toMatch(/^error: the contract \S+mood\.yaml is not as it must be: one finding$/)
    expect(second).toMatch(/^ {2}\S+mood\.yaml:\d+:1 unknown key mood$/)
    expect(rest).toEqual([])
  })
})
