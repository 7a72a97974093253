// The conformance suite of the distribution specification, with everything of v1.1 switched on:
// https://github.com/opencontainers/distribution-spec/tree/main/conformance
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { startRegistry, type RegistryOptions } from '#fixtures/simulator/registry/server.ts'
import type { Tools } from './fetch.ts'
import { run, type Check } from './tool.ts'

type Run = { readonly name: string; readonly options: RegistryOptions; readonly env: Readonly<Record<string, string>> }
type Results = {
  readonly apis: Readonly<Record<string, string>>
  readonly data: Readonly<Record<string, string>>
}

const USER = { OCI_USERNAME: 'me', OCI_PASSWORD: 'secret' }
const users = [{ name: 'me', password: 'secret' }]
const RUNS: readonly Run[] = [
  { name: 'HTTP', options: {}, env: {} },
  {
    name: 'HTTP, absolute locations, manifests before their blobs',
    options: { features: { sparse: true, locations: 'absolute' } },
    env: { OCI_DATA_SPARSE: 'true' },
  },
  { name: 'TLS, user and password', options: { tls: true, auth: { kind: 'basic', users } }, env: USER },
  {
    name: 'TLS, tokens',
    options: { tls: true, auth: { kind: 'token', users, realm: 'other' } },
    env: { ...USER, OCI_API_BLOBS_MOUNT_ANONYMOUS: 'false' },
  },
]

/** The most characters of the suite's output that are quoted when it fails. */
const QUOTED = 4000
/** The tests of the suite that these runs leave out, with the reason. */
const NOT_ASKED: ReadonlyMap<string, string> = new Map([
  ['Manifest put with tag params', 'not in v1.1 of the specification'],
  ['Tag Param', 'not in v1.1 of the specification'],
  ['Tag Param sha512', 'not in v1.1 of the specification'],
  ['Blob anonymous mount', 'a token is for the repositories that it names'],
  ['Sparse Manifests', 'asked in the run that allows them'],
])

export function runConformance(tools: Tools): readonly Check[] {
  return RUNS.map((one) => ({ name: `conformance suite, ${one.name}`, run: () => runOnce(tools, one) }))
}

async function runOnce({ folder, conformance }: Tools, { options, env }: Run): Promise<string> {
  await using registry = await startRegistry(options)
  const cwd = await mkdtemp(join(folder, 'conformance-'))
  await writeFile(join(cwd, 'ca.crt'), registry.ca ?? '')
  const settings = {
    OCI_REGISTRY: registry.host,
    OCI_TLS: registry.ca === undefined ? 'disabled' : 'enabled',
    SSL_CERT_FILE: join(cwd, 'ca.crt'),
    OCI_VERSION: '1.1',
    OCI_API_BLOBS_UPLOAD_CANCEL: 'true',
    OCI_API_BLOBS_DIGEST_HEADER: 'true',
    OCI_API_MANIFESTS_DIGEST_HEADER: 'true',
    ...env,
  }
  const output = await run(conformance, [], { cwd, env: settings, accept: [0, 1] })
  const { apis, data } = parse(await readFile(join(cwd, 'results', 'results.yaml'), 'utf8')) as Results
  const all = Object.entries({ ...apis, ...data })
  const named = (status: string) => all.filter(([, got]) => got === status).map(([name]) => name)
  const wrong = all.filter(([name, got]) => got !== 'Pass' && !(got === 'Disabled' && NOT_ASKED.has(name)))
  if (wrong.length > 0 || named('Pass').length === 0 || registry.crashes.length > 0)
    throw new Error(
      `${wrong.map(([name, got]) => `${name}: ${got}`).join(', ')}\n${output.slice(0, QUOTED)}\n${registry.crashes.join('\n')}`,
    )
  const left = named('Disabled').map((name) => `${name} (${NOT_ASKED.get(name)})`)
  return `${named('Pass').length} of ${all.length} pass; not asked: ${left.join(', ')}`
}
