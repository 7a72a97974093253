import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import type { ConfigName } from '#fixtures/counterexamples/config/valid.ts'
import { baselineContract, variantOfConfig } from '#fixtures/counterexamples/config/valid.ts'
import { parseMachineConfig } from '#harness/machine-config/document.ts'
import { machineConfigFacts } from '#harness/machine-config/facts.ts'
import { parseContract } from '#specs/contract/contract.ts'
import type { Candidate } from '../judge/candidates/candidates.ts'
import { CONTRACT_PATH, loadRuleIndex } from '../judge/candidates/inputs.ts'
import { configCandidate } from '../judge/candidates/machine-config.ts'
import { runSpecs } from '../judge/run/run.ts'
import { CONFIG_SPEC_GLOB } from '../judge/run/spec-run.ts'
import { judge } from '../judge/verdict/gate.ts'
import { ROOT } from '../root.ts'
import { patch } from './main.ts'

afterEach(() => vi.restoreAllMocks())

async function run(...args: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += String(text)
      return true
    })
  return { status: await patch(args), ...written }
}

const NODES = ['--nodes', '192.0.2.0/24']
const IMAGE = (variant: string, version: string): readonly string[] => [
  '--image',
  `registry.example.com/talos/${variant}:${version}-0a1b2c3d`,
]

/** A golden's setting for CozyStack, and what talosctl writes by itself. */
const OF_TALOS: readonly (readonly [from: RegExp, to: string])[] = [
  [/maxPods: 512/, 'maxPods: 110'],
  [/dnsDomain: cozy\.local/, 'dnsDomain: cluster.local'],
  [/cni:\n( +)name: none/, 'cni:\n$1name: flannel'],
  [/discovery:\n( +)enabled: false/, 'discovery:\n$1enabled: true'],
  [/proxy:\n( +)disabled: true/, 'proxy:\n$1disabled: false'],
]
const KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString()

describe('npm run patch', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'patch-'))
  afterAll(() => rm(folder, { recursive: true }))

  it.each<[ConfigName, string, boolean]>([
    ['worker-spin-only-1.11', 'v1.11.5', false],
    ['gateway-spin-tailscale-1.11', 'v1.11.5', true],
    ['worker-spin-only-1.14', 'v1.14.0', true],
    ['gateway-spin-tailscale-1.14', 'v1.14.0', false],
    ['controlplane-1.11', 'v1.11.5', true],
    ['controlplane-1.14', 'v1.14.0', true],
  ])(
    'makes %s conform',
    async (name, version, cozystack) => {
      const decisions = await readFile(join(ROOT, CONTRACT_PATH), 'utf8')
      const path = join(folder, `${name}.yaml`)
      await writeFile(path, decisions.replace('cozystack: false', `cozystack: ${cozystack}`))
      const variant = variantOfConfig(name)
      const services = name.endsWith('1.11') ? ['--services', '10.96.0.0/16'] : []
      const { status, stdout, stderr } = await run(
        '--variant',
        variant,
        ...IMAGE(variant, version),
        ...NODES,
        ...services,
        ...(name.startsWith('controlplane') ? ['--control-plane'] : []),
        '--contract',
        path,
      )
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      const golden = await readFile(join(ROOT, `fixtures/golden/machine-config/${name}.yaml`), 'utf8')
      // The output of talosctl without the contract: no extension service, no module, and its own defaults.
      const bare = OF_TALOS.reduce(
        (text, [from, to]) => text.replace(from, to),
        golden.replace(
          /---\napiVersion: v1alpha1\nkind: (?:ExtensionServiceConfig|KernelModuleConfig)\n(?:(?!---).*\n)+/g,
          '',
        ),
      )
      const files = [bare, stdout].map((text, at) => ({ path: `${at}`, bytes: Buffer.from(text) }))
      const facts = machineConfigFacts(parseMachineConfig(files))
      const contract = { ...baselineContract(parseContract(await readFile(path), path)), cozystack }
      const candidate: Candidate = {
        ...configCandidate({ facts, files: [] }, { contract, lock: undefined, variant }),
        key: name,
      }
      const { observations } = await runSpecs({
        groups: [{ candidates: [candidate], cacheFolder: '' }],
        specs: CONFIG_SPEC_GLOB,
      })
      const verdicts = judge(await loadRuleIndex(), candidate, observations)
      const wrong = verdicts.filter(
        (one) => !['pass', 'not-applicable'].includes(one.status) && one.id.startsWith('CFG-'),
      )
      expect(wrong.map(({ id, findings }) => [id, findings])).toEqual([])
      expect(stdout).not.toMatch(/tskey|password/)
    },
    60_000,
  )

  it.each<[string, readonly string[], RegExp]>([
    ['no variant', [], /--variant/],
    ['an unknown variant', ['--variant', 'x'], /unknown variant x; defined: spin-only, spin-tailscale/],
    ['a gateway without the subnet of its nodes', ['--variant', 'spin-tailscale'], /a gateway needs --nodes/],
    ['no image', ['--variant', 'spin-only'], /with --image/],
    ['no Talos', ['--variant', 'spin-only', '--image', 'registry.example.com/spin-only:latest'], /with --talos/],
  ])('refuses %s', async (_, args, message) => {
    const { status, stdout, stderr } = await run(...args)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })

  it('verifies the image of the node where Talos can', async () => {
    const { stdout } = await run('--variant', 'spin-only', ...IMAGE('spin-only', 'v1.13.9'))
    expect(stdout).toMatch(
      /kind: ImageVerificationConfig\nrules:\n {2}- image: registry.example.com\/talos\/spin-only\n {4}keyless:\n {6}issuer: /,
    )
    const path = join(folder, 'key.yaml')
    await writeFile(path, `extends: default\nsigning: {signers: [{publicKey: ${JSON.stringify(KEY)}}]}\n`)
    const byKey = await run('--variant', 'spin-only', ...IMAGE('spin-only', 'v1.13.9'), '--contract', path)
    expect(byKey.stdout).toContain('    publicKey:\n      certificate: |\n        -----BEGIN PUBLIC KEY-----\n')
    expect((await run('--variant', 'spin-only', ...IMAGE('spin-only', 'v1.12.7'))).stdout).not.toMatch(
      /ImageVerification/,
    )
  })
})
