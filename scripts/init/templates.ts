// The files with which a repository of images is run in CI: templates, with the decisions of `init` in their places.
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '../root.ts'

/** Name of a system → what is written for it. */
export const CI_SYSTEMS = {
  github: 'GitHub: a gate for candidates, the release, and a daily look for drift that keeps one issue',
  gitlab: 'GitLab: a gate for candidates',
  shell: 'a shell script that judges a candidate in any other CI',
  matrix: 'GitHub: many images, those that talos-images lists, shared out to the jobs of a matrix',
  kubernetes: 'Kubernetes: the same in the pods of an indexed Job',
  renovate: 'Renovate: moves the wished release in talos-version; a job on GitHub writes the lock',
} as const
export type CiSystem = keyof typeof CI_SYSTEMS
export const CI_NAMES = Object.keys(CI_SYSTEMS) as readonly CiSystem[]

/** The workflow that signs, which a contract names by its file and branch. */
const RELEASE = '.github/workflows/talos-image.yaml'
const LIST = ['fleet/talos-images', 'talos-images'] as const
const SCRIPT = ['shell/talos-image.sh', 'talos-image.sh'] as const
/** For each system its templates, and where they go. */
const FILES: Readonly<Record<CiSystem, readonly (readonly [template: string, path: string])[]>> = {
  github: [
    ['github/talos-image.yaml', RELEASE],
    ['github/talos-image-gate.yaml', '.github/workflows/talos-image-gate.yaml'],
    ['github/talos-image-drift.yaml', '.github/workflows/talos-image-drift.yaml'],
  ],
  gitlab: [['gitlab/gitlab-ci.yml', '.gitlab-ci.yml'], SCRIPT],
  shell: [SCRIPT],
  matrix: [LIST, ['github/talos-image-fleet.yaml', '.github/workflows/talos-image-fleet.yaml']],
  kubernetes: [
    LIST,
    ['kubernetes/shards.yaml', 'kubernetes/shards.yaml'],
    ['kubernetes/merge.yaml', 'kubernetes/merge.yaml'],
  ],
  renovate: [
    ['renovate/renovate.json', 'renovate.json'],
    ['renovate/talos-version', 'talos-version'],
    ['github/talos-image-lock.yaml', '.github/workflows/talos-image-lock.yaml'],
  ],
}
/** Placeholders of the templates. */
const COMMIT = '0'.repeat(40)
const VERSION = 'v0.0.0'
const NAMESPACE = 'ghcr.io/you'
const TALOS = 'v0.0.1'
const BRANCH = 'branches: [main]'

export type CiDecisions = {
  readonly registry: string | undefined
  readonly talos: string
  /** `OWNER/REPOSITORY/.github/workflows/FILE@refs/heads/BRANCH`. */
  readonly workflow: string | undefined
}

/** Path → text of every file for these systems. */
export async function ciFiles(
  systems: readonly CiSystem[],
  { registry, talos, workflow }: CiDecisions,
): Promise<ReadonlyMap<string, string>> {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string }
  const commit = await findCommit()
  // Only a clone knows its commit.
  const ref = commit === undefined ? [`v${version}`, 'a tag: put its commit here'] : [commit, `v${version}`]
  const [, release = RELEASE, branch = 'main'] = /^[^/]+\/[^/]+\/(.+)@refs\/heads\/(.+)$/.exec(workflow ?? '') ?? []
  const files = new Map<string, string>()
  for (const [template, path] of systems.flatMap((system) => FILES[system])) {
    const text = await readFile(join(ROOT, 'scripts/init/templates', template), 'utf8')
    const own = text
      .replaceAll(COMMIT, ref[0] ?? '')
      .replaceAll(VERSION, ref[1] ?? '')
      .replaceAll(NAMESPACE, registry ?? NAMESPACE)
      .replaceAll(TALOS, talos)
      .replace(BRANCH, `branches: [${branch}]`)
      .replaceAll(RELEASE, release)
    files.set(path === RELEASE ? release : path, own)
  }
  return files
}

/** The commit of the clone that this program runs from; undefined for the package. */
async function findCommit(): Promise<string | undefined> {
  const git = promisify(execFile)('git', ['-C', ROOT, 'rev-parse', '--show-prefix', 'HEAD'])
  const { stdout } = await git.catch(() => ({ stdout: '' }))
  // A prefix says that ROOT is inside of the clone of something else.
  return /^\n([0-9a-f]{40})\n$/.exec(stdout)?.[1]
}
