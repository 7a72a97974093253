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
  /** The folder with stub, kernel and busybox for arm64. */
  readonly arm64: string
}

const CONFORMANCE = 'github.com/opencontainers/distribution-spec/conformance'
/** The commit of 2026-08-31. */
const CONFORMANCE_VERSION = 'v0.0.0-20260831232431-97274622c111'
/** bookworm has none of them; these run there. cosign 3 no longer writes what cosign 2 writes. */
const SUITES = { sid: ['crane', 'oras', 'cosign'], trixie: ['cosign'] } as const
/** A guest for npm run boot, beside the kernel that linux-image-cloud-arm64 stands for. */
const ARM64 = ['systemd-boot-efi', 'busybox-static'] as const

export async function fetchTools(folder: string): Promise<Tools> {
  const [, sid, trixie, arm64] = await Promise.all([
    fetchConformance(folder),
    fetchPackages(folder, 'sid'),
    fetchPackages(folder, 'trixie'),
    fetchArm64(folder),
  ])
  return {
    folder,
    conformance: join(folder, 'bin', 'conformance'),
    crane: join(sid, 'usr/bin/crane'),
    oras: join(sid, 'usr/bin/oras'),
    cosign2: join(trixie, 'usr/bin/cosign'),
    cosign3: join(sid, 'usr/bin/cosign'),
    arm64,
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

async function fetchPackages(folder: string, suite: keyof typeof SUITES): Promise<string> {
  const apt = await openApt(join(folder, `apt-${suite}`), suite, [])
  return apt.unpack(SUITES[suite], join(folder, `root-${suite}`))
}

/** For another architecture, which the system need not know of. */
async function fetchArm64(folder: string): Promise<string> {
  const settings = ['APT::Architecture=arm64', 'APT::Architectures=arm64']
  const apt = await openApt(join(folder, 'apt-arm64'), 'trixie', settings)
  const depends = await apt.query(['depends', '--important', 'linux-image-cloud-arm64'])
  const [, kernel] = /Depends: (linux-image-\S+-cloud-arm64)/.exec(depends) ?? []
  if (kernel === undefined) throw new Error(`linux-image-cloud-arm64 depends on no kernel: ${depends}`)
  return apt.unpack([...ARM64, kernel], join(folder, 'root-arm64'))
}

type Apt = {
  readonly query: (args: readonly string[]) => Promise<string>
  /** Downloads packages and unpacks them below `root`, which it gives. */
  readonly unpack: (names: readonly string[], root: string) => Promise<string>
}

/** apt with a state of its own in `apt`. */
async function openApt(apt: string, suite: string, more: readonly string[]): Promise<Apt> {
  for (const name of ['lists/partial', 'cache/archives/partial', 'packages'])
    await mkdir(join(apt, name), { recursive: true })
  await writeFile(join(apt, 'sources.list'), `deb http://deb.debian.org/debian ${suite} main\n`)
  await writeFile(join(apt, 'status'), '')
  const settings = [
    `Dir::Etc::SourceList=${join(apt, 'sources.list')}`,
    'Dir::Etc::SourceParts=-',
    `Dir::State::Lists=${join(apt, 'lists')}`,
    `Dir::State::status=${join(apt, 'status')}`,
    `Dir::Cache=${join(apt, 'cache')}`,
    'Acquire::Languages=none',
    ...more,
  ]
  const options = settings.flatMap((setting) => ['-o', setting])
  await run('apt-get', [...options, '-q', 'update'], { cwd: apt })
  const packages = join(apt, 'packages')
  return {
    query: (args) => run('apt-cache', [...options, ...args], { cwd: apt }),
    unpack: async (names, root) => {
      await run('apt-get', [...options, '-q', 'download', ...names], { cwd: packages })
      for (const name of await readdir(packages)) await run('dpkg', ['-x', join(packages, name), root], { cwd: apt })
      return root
    },
  }
}
