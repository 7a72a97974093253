// The doors around the gate: what a user can give beside the image, each tried for turning a red image green.
import { join } from 'node:path'
import { ROOT } from '../../root.ts'

export type Door = {
  /** The option, or the environment variable. */
  readonly name: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** True to try it without the lock that all others have. */
  readonly withoutLock?: true
  /** True where the verdict is not what is printed last; a variable of that kind is tried by itself. */
  readonly movesLastLine?: true
  /** True where standard input is read: a process has one only. */
  readonly readsInput?: true
  /** The last line where the image is not red any more by it; absent where it must stay as it is. */
  readonly opens?: RegExp
}

/** Files that doors are tried with. */
export type DoorFiles = Readonly<
  Record<'contract' | 'waivers' | 'protectedWaivers' | 'advisories' | 'schematic' | 'script' | 'folder', string>
>

const GOLDEN = 'fixtures/golden'

/** The image of the router, judged as a worker's: EXT-002, EXT-004 and EXT-015 are red. */
export const RED_IMAGE: readonly string[] = [
  `docker-archive:${GOLDEN}/v1.11.5-spin-tailscale/installer-arm64.tar`,
  '--variant=spin-only',
  '--target=installer',
]
export const LOCK = `--lock=${GOLDEN}/lock-v1.11.5.json`

export function doorsOf(files: DoorFiles): readonly Door[] {
  const { contract, waivers, protectedWaivers, advisories, schematic, script, folder } = files
  const other = `${GOLDEN}/v1.11.5-spin-only/installer-arm64.tar`
  return [
    { name: '--waivers', args: [`--waivers=${waivers}`], opens: /^GREEN, 3 waived \(EXT-002 until / },
    { name: '--waivers', args: [`--waivers=${protectedWaivers}`] },
    { name: '--only', args: ['--only=KRN'], opens: /^GREEN: .*; only KRN\b/ },
    { name: '--target', args: ['--target=image'], opens: /^GREEN: .*; target image\b/ },
    { name: '--contract', args: [`--contract=${contract}`], opens: /^GREEN: .*, contract \S*permissive\.yaml\b/ },
    { name: '--shard', args: ['--shard=1/2'] },
    { name: '--shard', args: ['--shard=2/2'], opens: /^NOTHING TO JUDGE: 0 candidates; shard 2\/2\b/ },
    { name: '--structure-only', args: ['--structure-only'], withoutLock: true },
    { name: '--structure-only', args: ['--structure-only'] },
    { name: '--contract-only', args: ['--contract-only'] },
    { name: '--variant', args: ['--variant=spin-tailscale'] },
    { name: '--assets', args: [`--assets=docker-archive:${other}`] },
    { name: '--config', args: ['--config', `${GOLDEN}/machine-config/worker-spin-only-1.11.yaml`] },
    { name: '--talos', args: ['--talos=v1.13.9'] },
    { name: '--from-bytes', args: ['--from-bytes'] },
    { name: '--schematic', args: [`--schematic=${schematic}`] },
    { name: '--account', args: ['--account'] },
    { name: '--reproduce', args: ['--reproduce', '--upstream=embedded'], movesLastLine: true },
    { name: '--upstream', args: ['--upstream=embedded'] },
    { name: '--lock', args: [`--lock=${GOLDEN}/lock-v1.13.9.json`] },
    { name: '--reference', args: [`--reference=docker-archive:${other}`] },
    { name: '--advisories', args: [`--advisories=${advisories}`] },
    { name: '--trusted-root', args: [`--trusted-root=${advisories}`] },
    { name: '--cache', args: [`--cache=${join(folder, 'cache')}`] },
    { name: '--ca-file', args: ['--ca-file=package.json'] },
    { name: '--insecure', args: ['--insecure'] },
    { name: '--limit', args: ['--limit=entries=1'] },
    { name: '--username', args: ['--username=me'] },
    { name: '--password-stdin', args: ['--username=me', '--password-stdin'], readsInput: true },
    { name: '--offline', args: ['--offline'] },
    { name: '--json', args: ['--json'] },
    { name: '--report', args: ['--report=/dev/null'] },
    { name: '--output', args: [`--output=junit=${join(folder, 'junit.xml')}`] },
    ...ENVIRONMENT.map((name): Door => ({ name, env: { [name]: name.endsWith('_STATE_HOME') ? folder : script } })),
    { name: 'GITHUB_ACTIONS', env: { GITHUB_ACTIONS: 'true' }, movesLastLine: true },
    { name: 'INIT_CWD', env: { ...BY_NPM, INIT_CWD: script }, movesLastLine: true },
    { name: 'CI', env: { CI: 'true' } },
    { name: 'VITEST', env: { VITEST: 'true', VITEST_MODE: 'skip', NODE_ENV: 'test' } },
    { name: 'TZ', env: { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' } },
  ]
}

/** The variables by which a process knows that npm started it, which says in INIT_CWD in which folder. */
const BY_NPM = {
  npm_package_json: join(ROOT, 'package.json'),
  npm_lifecycle_script: 'node scripts/talos-image.ts test',
}

/** Each with a file that is none of the kind, or a folder that is not there. */
const ENVIRONMENT = [
  'HOME',
  'DOCKER_CONFIG',
  'REGISTRY_AUTH_FILE',
  'SSL_CERT_FILE',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_RUNTIME_DIR',
  'XDG_STATE_HOME',
  'NODE_COMPILE_CACHE',
  'FORCE_COLOR',
  'GITHUB_SHA',
  'GITHUB_REF',
  'SIGSTORE_ID_TOKEN',
  'COSIGN_PASSWORD',
]

/** The module of the commands. */
export const COMMANDS = join(ROOT, 'scripts/talos-image.ts')
