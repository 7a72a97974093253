import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { sampleKey } from '#harness/testing/der-samples.ts'
import { parseContract } from '#specs/contract/contract.ts'
import { parseLock } from '#specs/contract/lock.ts'
import { parseWaivers } from '#specs/contract/waivers.ts'
import { runCommand } from '../testing/run-command.ts'
import { init } from './main.ts'
import { examplePath, SET_NAMES } from './menu.ts'

const root = await mkdtemp(join(tmpdir(), 'init-'))
afterAll(() => rm(root, { recursive: true }))

const read = (...path: readonly string[]): Promise<Buffer> => readFile(join(root, ...path))
const run = (...args: readonly string[]) => runCommand(init, args)

describe('init', () => {
  it('writes what a repository of images begins with, and says the next command', async () => {
    const folder = join(root, 'first')
    const { exit, stdout, stderr } = await run(folder, '--yes', '--registry', 'ghcr.io/you')
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
    expect((await readdir(folder)).toSorted()).toEqual(
      ['.gitattributes', 'talos-image.lock.json', 'talos-image.yaml', 'waivers.yaml'].toSorted(),
    )
    const contract = parseContract(await read('first/talos-image.yaml'), 'talos-image.yaml')
    expect(contract).toMatchObject({
      talos: '>=1.13.9 <1.15.0',
      variants: { 'spin-only': { repositories: ['ghcr.io/you/talos-spin-only'] }, 'spin-tailscale': {} },
      signing: { signers: [] },
    })
    expect(parseLock(await read('first/talos-image.lock.json'), 'lock')).toEqual({ schema: 2 })
    expect(parseWaivers(await read('first/waivers.yaml'), 'waivers')).toEqual([])
    expect(stdout).toContain(`cd ${folder} && npx talos-image lock --talos v1.13.9\n`)
    const [modeline] = (await read('first/talos-image.yaml')).toString().split('\n')
    expect(modeline).toMatch(/^# yaml-language-server: \$schema=https:\/\/unpkg\.com\/\S+\/contract\.schema\.json$/)
  })

  it.each(SET_NAMES)('offers the set %s, which is a contract', async (name) => {
    const { exit, stdout } = await run(join(root, name), '--yes', '--variants', name, '--talos', 'v1.14.2')
    expect(exit).toBe(0)
    const own = parseContract(await read(name, 'talos-image.yaml'), name)
    const example = parseContract(await readFile(examplePath(name)), name)
    expect(own.talos).toBe('>=1.14.2 <1.15.0')
    expect(own.variants).toEqual(example.variants)
    expect(stdout.includes('microcode for x86')).toBe(name === 'cozystack')
  })

  it('takes who signs from a key, from a workflow, or from the clone', async () => {
    const key = join(root, 'cosign.pub')
    const pem = sampleKey().x509.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    await writeFile(key, pem)
    await run(join(root, 'key'), '--yes', '--key', key)
    expect(parseContract(await read('key/talos-image.yaml'), 'x').signing.signers).toEqual([{ publicKey: pem }])

    const workflow = 'you/images/.github/workflows/talos.yaml@refs/heads/main'
    await run(join(root, 'workflow'), '--yes', '--workflow', workflow)
    expect(parseContract(await read('workflow/talos-image.yaml'), 'x').signing).toEqual({
      signers: [{ issuer: 'https://token.actions.githubusercontent.com', subject: `https://github.com/${workflow}` }],
      builder: 'https://github.com/you/images/.github/workflows/talos.yaml',
    })

    await mkdir(join(root, 'clone/.git'), { recursive: true })
    const config = '[core]\n\tbare = false\n[remote "origin"]\n\turl = git@github.com:You/images.git\n\tfetch = +x:y\n'
    await writeFile(join(root, 'clone/.git/config'), config)
    await run(join(root, 'clone'), '--yes')
    expect(parse((await read('clone/talos-image.yaml')).toString())).toMatchObject({
      labels: { source: 'https://github.com/You/images' },
      variants: { 'spin-only': { repositories: ['ghcr.io/you/talos-spin-only'] } },
      signing: {
        signers: [{ subject: 'https://github.com/You/images/.github/workflows/talos-image.yaml@refs/heads/main' }],
      },
    })
  })

  it('never overwrites, and writes nothing where one file is there', async () => {
    const folder = join(root, 'taken')
    await mkdir(folder)
    await writeFile(join(folder, 'waivers.yaml'), 'waivers: []\n')
    const { exit, stderr } = await run(folder, '--yes')
    expect(exit).toBe(2)
    expect(stderr).toBe(`error: ${join(folder, 'waivers.yaml')}: there already, and never overwritten\n`)
    expect(await readdir(folder)).toEqual(['waivers.yaml'])
  })

  it('leaves .gitattributes as it is, and says what belongs into it', async () => {
    const folder = join(root, 'attributes')
    await mkdir(folder)
    await writeFile(join(folder, '.gitattributes'), '* text=auto\n')
    const { exit, stdout } = await run(folder, '--yes')
    expect(exit).toBe(0)
    expect(stdout).toMatch(/\.gitattributes is there already; these lines belong into it:\n {2}talos-image\.yaml /)
    expect((await read('attributes/.gitattributes')).toString()).toBe('* text=auto\n')
  })

  it.each([
    [['--talos', 'v1.15.0'], /expected a tag of Talos from v1\.11\.0/],
    [['--talos', 'newest'], /expected a tag of Talos/],
    [['--registry', 'you'], /expected a registry and a namespace/],
    [['--variants', 'all'], /expected one of spin, cozystack, storage, gpu, empty/],
    [['--workflow', 'you/images'], /expected OWNER\/REPOSITORY/],
    [['--key', 'nowhere.pub'], /cannot be read/],
    [['--key', 'a', '--workflow', 'a/b/.github/workflows/c.yaml@refs/heads/d'], /both say who signs/],
  ])('refuses %j', async (args, message) => {
    const { exit, stderr } = await run(join(root, 'refused'), '--yes', ...args)
    expect(exit).toBe(2)
    expect(stderr).toMatch(message)
  })

  it('asks for --yes where there is no terminal', async () => {
    const { exit, stderr } = await run(join(root, 'silent'))
    expect({ exit, stderr }).toEqual({
      exit: 2,
      stderr: 'error: there is no terminal to ask at: --yes takes the default of what no option says\n',
    })
  })
})
