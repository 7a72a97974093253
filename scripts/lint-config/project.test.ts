import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { PROJECT_CONTROLS, projectFiles } from '#fixtures/counterexamples/config/project.ts'
import { validate } from '#specs/config/validity/validate.ts'
import { conformanceSchema } from '../judge/verdict/conformance.ts'
import { loadContract } from '../judge/candidates/inputs.ts'
import { runCommand } from '../testing/run-command.ts'
import { lintConfig } from './main.ts'
import { loadProject } from './project.ts'

const folder = await mkdtemp(join(tmpdir(), 'lint-project-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const NOTHING = { base: undefined, talos: undefined, locked: undefined }
const WHOLE = 'machine:\n  type: worker\n  token: abcdef.0123456789abcdef\n'
const RENDERED = `# talm: nodes=["192.0.2.11"], endpoints=["192.0.2.10"], templates=["templates/worker.yaml"]
machine:
  type: worker
  install: {disk: /dev/vda, image: "registry.example.com/talos/spin-only:v1.11.5-0a1b2c3d"}
  kernel:
    modules:
      - {name: openvswitch}
      - {name: drbd, parameters: [usermode_helper=disabled]}
      - {name: zfs}
      - {name: spl}
`
/**
 * `omnictl get redactedclustermachineconfig -o yaml`: RedactedClusterMachineConfigSpec of siderolabs/omni, never
 * compressed there.
 */
const OMNI_HEAD = `metadata:
    namespace: default
    type: RedactedClusterMachineConfigs.omni.sidero.dev
    id: 00000000-0000-4000-8000-000000000002
    version: 3
    owner: RedactedClusterMachineConfigController
    phase: running
    labels:
        omni.sidero.dev/cluster: cozy
spec:
    data: |
`
const OMNI_TAIL = '    compresseddata: []\n'
const PATCH = 'machine:\n  network: {hostname: a}\n'

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  return path
}

async function lint(...args: readonly string[]) {
  const { exit, stdout, stderr } = await runCommand(lintConfig, ['--report', join(folder, 'report.json'), ...args])
  return { exit, stdout, stderr }
}

/** The files of each node. */
async function nodesOf(paths: readonly string[], base?: string): Promise<readonly (readonly string[])[]> {
  const { nodes } = await loadProject(paths, { ...NOTHING, base })
  return nodes.map(({ files }) => files.map(({ path }) => path))
}

describe('loadProject', async () => {
  const [whole, other, patch] = [
    await write('a/whole.yaml', WHOLE),
    await write('a/other.yml', WHOLE),
    await write('a/patch.yaml', PATCH),
  ]
  const [rendered, rerendered] = [
    await write('talm/nodes/one.yaml', RENDERED),
    await write('talm/nodes/two.yaml', RENDERED.replace('.11"', '.12"')),
  ]
  await write('talm/templates/worker.yaml', 'machine: {{ .Values }}')
  await write('talm/.talm/x.yaml', 'a: [')

  it('takes what has an identity for a node, and what has none for a patch over the node before it', async () => {
    expect(await nodesOf([whole, patch, other])).toEqual([[whole, patch], [other]])
    expect(await nodesOf([patch, patch])).toEqual([[patch, patch]])
  })

  it('takes a rendered file for a patch over a whole one, for a node behind a rendered one or over a base', async () => {
    expect(await nodesOf([whole, rendered])).toEqual([[whole, rendered]])
    expect(await nodesOf([rendered, rerendered, patch])).toEqual([[rendered], [rerendered, patch]])
    expect(await nodesOf([rendered, rerendered], whole)).toEqual([
      [whole, rendered],
      [whole, rerendered],
    ])
  })

  it('finds nodes in folders, in order, past templates and hidden folders', async () => {
    expect(await nodesOf([join(folder, 'talm')])).toEqual([[rendered], [rerendered]])
    const { nodes, ignored } = await loadProject([join(folder, 'a')], NOTHING)
    expect(nodes.map(({ files }) => files[0]?.path)).toEqual([other, whole])
    expect(ignored).toEqual([patch])
  })

  it('knows the address of a node that talm names alone', async () => {
    const { nodes } = await loadProject([rendered], NOTHING)
    expect(nodes[0]).toMatchObject({ reachedBy: ['192.0.2.11'], facts: { start: { path: rendered } } })
  })

  it('lays the base of the minor under it, and shows none of its secrets', async () => {
    const document = 'apiVersion: v1alpha1\nkind: KubeNetworkConfig\npodSubnets: [10.245.0.0/16]\n'
    const native = await write('native.yaml', `${RENDERED}---\n${document}`)
    const { nodes } = await loadProject([native], { ...NOTHING, talos: 'v1.14.1' })
    expect(nodes[0]?.facts.secrets).toEqual([])
    expect(nodes[0]?.facts.serviceSubnets.map(({ value }) => value)).toEqual(['10.96.0.0/12'])
    expect(nodes[0]?.facts.readings['1.14']?.problems).toEqual([])
    const kinds = nodes[0]?.facts.readings['1.14']?.documents.map(({ kind }) => kind)
    expect(kinds).toContain('KubeClusterConfig')
  })

  it.each(['v1.12.7', 'v1.13.9', 'v1.14.1'])('lays the hostname of its generator under one of %s', async (talos) => {
    const problemsOf = async (rest: string): Promise<readonly string[]> => {
      const text = `${RENDERED}---\napiVersion: v1alpha1\nkind: HostnameConfig\nhostname: a\n${rest}`
      const { nodes } = await loadProject([await write('named.yaml', text)], { ...NOTHING, talos })
      const [reading] = Object.values(nodes[0]?.facts.readings ?? {})
      return reading === undefined ? ['not read'] : validate(reading).map(({ key }) => key)
    }
    expect(await problemsOf('auto: "off"\n')).toEqual([])
    expect(await problemsOf('')).toEqual(['HostnameConfig: hostname'])
  })

  it.each<[string, () => Promise<readonly string[]>, RegExp]>([
    [
      'a folder without a node',
      async () => [dirname(await write('none/patch.yaml', PATCH))],
      /holds no machine config/,
    ],
    ['a patch behind a folder', async () => [join(folder, 'talm'), patch], /is a patch, and follows a folder/],
    ['no YAML in a folder', async () => [dirname(await write('bad/x.yaml', 'a: ['))], /bad\/x\.yaml:1:\d+: yaml/],
  ])('refuses %s', async (_, args, message) => {
    await expect(loadProject(await args(), NOTHING)).rejects.toThrow(message)
  })
})

describe('npm run lint-config of several nodes', { timeout: 240_000 }, async () => {
  const [control] = PROJECT_CONTROLS
  if (control === undefined) throw new Error('expected a control')
  const { value: contract } = await loadContract(undefined)
  const { files } = await projectFiles(control, contract)
  for (const [name, texts] of Object.entries(files)) await write(`right/${name}`, texts[0] ?? '')
  const right = join(folder, 'right')

  it('is green for a right project, in one run over all', async () => {
    const { exit, stdout, stderr } = await lint(right)
    expect([exit, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/\nGREEN: 3 candidates and their project: /)
  })

  it('reports what is wrong across nodes at its place, in every output', async () => {
    const duplicate = await write(
      'wrong/worker-3.yaml',
      (files['worker-2.yaml']?.[0] ?? '').replace('.12/24', '.13/24'),
    )
    const sarif = join(folder, 'out.sarif')
    const { exit, stdout } = await lint(right, duplicate, '--output', `sarif=${sarif}`, '--json')
    expect(exit).toBe(1)
    const { candidates } = conformanceSchema.parse(JSON.parse(stdout))
    expect(candidates.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0, 1])
    const failed = candidates.at(-1)?.rules.filter(({ status }) => status === 'fail')
    expect(failed).toMatchObject([
      { id: 'CFG-062', findings: [{ where: { path: duplicate, line: 18 }, got: 'worker-2' }] },
    ])
  })

  it('reads what omnictl prints, and names lines of it', async () => {
    const [text = ''] = files['worker-2.yaml'] ?? []
    const resource = (config: string): string => OMNI_HEAD + config.replaceAll(/^(?=.)/gm, '        ') + OMNI_TAIL
    expect(await lint(await write('omni/right.yaml', resource(text)))).toMatchObject({ exit: 0, stderr: '' })
    const wrong = resource(text.replace('usermode_helper=disabled', 'usermode_helper=x'))
    const path = await write('omni/wrong.yaml', wrong)
    const line = wrong.split('\n').findIndex((one) => one.includes('usermode_helper=x')) + 1
    expect((await lint(path)).stdout).toMatch(new RegExp(`^FAIL CFG-003 .*\\n {2}where +${path}:${line}:`, 'm'))
  })

  it("judges the nodes of talhelper's clusterconfig, and nothing else that is there", async () => {
    for (const name of ['worker-1', 'worker-2'])
      await write(`talhelper/clusterconfig/cozy-${name}.yaml`, files[`${name}.yaml`]?.[0] ?? '')
    await write('talhelper/clusterconfig/talosconfig', 'context: cozy\ncontexts: {}\n')
    await write('talhelper/clusterconfig/.gitignore', 'cozy-worker-1.yaml\ntalosconfig\n')
    const { nodes, ignored } = await loadProject([join(folder, 'talhelper/clusterconfig')], NOTHING)
    expect(nodes.map(({ facts }) => facts.hostname?.value)).toEqual(['worker-1', 'worker-2'])
    expect(ignored).toEqual([])
  })

  it('says what it left out', async () => {
    const path = await write('right-too/values.yaml', 'image: a\n')
    for (const [name, texts] of Object.entries(files)) await write(`right-too/${name}`, texts[0] ?? '')
    const { exit, stderr } = await lint(join(folder, 'right-too'))
    expect([exit, stderr]).toEqual([0, `not judged, no configuration of a node: ${path}\n`])
  })

  it("judges talm's files over the base that Talos generates", async () => {
    expect(await lint(await write('alone.yaml', RENDERED))).toMatchObject({ exit: 0, stderr: '' })
    const { exit, stdout } = await lint(await write('without.yaml', RENDERED.replace(/^#.*\n/, '')))
    expect(exit).toBe(1)
    expect(stdout).toMatch(/CFG-015/)
  })

  it('takes the variant from the contract, then from the services that are configured', async () => {
    const rendered = RENDERED.replace('spin-only', '{{ .Variant }}')
    const path = await write('named.yaml', rendered)
    expect((await lint(path)).stderr).toMatch(/give --variant/)
    const service = 'apiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: tailscale\n'
    const { stdout } = await lint(await write('service.yaml', `${rendered}---\n${service}`))
    expect(stdout).toMatch(/service\.yaml as spin-tailscale/)
  })
})
