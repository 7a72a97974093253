// Gets the tools without touching the system: Go's module proxy, and Debian's packages through apt with a state folder
// of its own, unpacked beside it.
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './tool.ts'

export type Tools = {
  /** The folder that they may write to. */
  readonly folder: string
  readonly conformance: string
  readonly crane: string
  readonly oras: string
  readonly cosign2: string
  readonly cosign3: string
}

const CONFORMANCE = 'github.com/opencontainers/distribution-spec/conformance'
/** The commit of 2026-08-31. */
const CONFORMANCE_VERSION = 'v0.0.0-20260831232431-97274622c111'
/** bookworm has none of them; these run there. cosign 3 no longer writes what cosign 2 writes. */
const SUITES = { sid: ['crane', 'oras', 'cosign'], trixie: ['cosign'] } as const

export async function fetchTools(folder: string): Promise<Tools> {
  const [, sid, trixie] = await Promise.all([
    fetchConformance(folder),
    fetchPackages(folder, 'sid'),
    fetchPackages(folder, 'trixie'),
  ])
  return {
    folder,
    conformance: join(folder, 'bin', 'conformance'),
    crane: join(sid, 'crane'),
    oras: join(sid, 'oras'),
    cosign2: join(trixie, 'cosign'),
    cosign3: join(sid, 'cosign'),
  }
}

async function fetchConformance(folder: string): Promise<void> {
  const env = {
    GOPATH: join(folder, 'go'),
    GOCACHE: join(folder, 'go-build'),
    GOBIN: join(folder, 'bin'),
    // Else the module cache is read-only, and cannot be removed.
    GOFLAGS: '-modcacherw',
    GOTOOLCHAIN: 'local',
    ...(process.env['GOPROXY'] !== undefined && { GOPROXY: process.env['GOPROXY'] }),
  }
  await run('go', ['install', `${CONFORMANCE}@${CONFORMANCE_VERSION}`], { cwd: folder, env })
}

/** Gives the folder of the programs. */
async function fetchPackages(folder: string, suite: keyof typeof SUITES): Promise<string> {
  const apt = join(folder, `apt-${suite}`)
  const root = join(folder, `root-${suite}`)
  for (const name of ['lists/partial', 'cache/archives/partial', 'packages'])
    await mkdir(join(apt, name), { recursive: true })
  await writeFile(join(apt, 'sources.list'), `deb http://deb.debian.org/debian ${suite} main\n`)
  await writeFile(join(apt, 'status'), '')
  const settings = {
    'Dir::Etc::SourceList': join(apt, 'sources.list'),
    'Dir::Etc::SourceParts': '-',
    'Dir::State::Lists': join(apt, 'lists'),
    'Dir::State::status': join(apt, 'status'),
    'Dir::Cache': join(apt, 'cache'),
    'Acquire::Languages': 'none',
  }
  const options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`])
  const packages = join(apt, 'packages')
  await run('apt-get', [...options, '-q', 'update'], { cwd: apt })
  await run('apt-get', [...options, '-q', 'download', ...SUITES[suite]], { cwd: packages })
  for (const name of await readdir(packages)) await run('dpkg', ['-x', join(packages, name), root], { cwd: apt })
  return join(root, 'usr/bin')
}
