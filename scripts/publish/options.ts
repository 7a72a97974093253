// The command line of `npm run publish`.
import { Command, Option } from 'commander'
import { RegistryError, FormatError } from '#harness/errors.ts'
import { parseReference } from '#harness/oci/image/reference.ts'
import { addExamples, parseCommand, parseList, UsageError } from '../cli/command-line.ts'
import { addJudgeInputs, judgeExamples, type JudgeInputs } from '../cli/judge-options.ts'
import { addLimit, addLogin, addReach, limitExamples, loginExamples, type Login } from '../cli/registry-options.ts'

export type PublishCommand = JudgeInputs &
  Login & {
    /** The output of `npm run build`: a layout for each variant. */
    readonly folder: string
    readonly namespace: Namespace
    readonly variant?: readonly string[]
    readonly report?: string
    readonly force: boolean
    readonly key?: string
    /** False for --no-sign. */
    readonly sign: boolean
    readonly tagSignaturesOnly: boolean
    readonly revision?: string
    /** False for --no-verify. */
    readonly verify: boolean
  }

/** `ghcr.io/you`: a registry, and the prefix of the repositories' names in it ('' for none). */
export type Namespace = { readonly registry: string; readonly path: string }

const HELP = `
DIR is what npm run build wrote, such as out; NAMESPACE is a registry and a path, such as ghcr.io/you: the images
become NAMESPACE/talos-<variant>:vX.Y.Z and :vX.Y.Z-assets, each also under a tag with 8 hex digits of lock and contract
that never names anything else. Version tags are set last, and never move. What is there is not sent again: after a
failure run the same command once more.

It is signed by --key, or as the identity of the machine where that has an OpenID token (GitHub Actions with
id-token: write, SIGSTORE_ID_TOKEN), or with --no-sign not at all: the rules SUP-001 and SUP-002 are red then.
Attached are SLSA provenance, an SPDX document made from the lock, and the verdict that it is published on. A registry
that refuses their types (GitLab: "unknown media type") takes them with --tag-signatures-only: signed, in cosign's tags;
with --no-sign nothing is attached then.
At the end the images are pulled back and judged where they are; that verdict goes to report/published.json.

Exit status: that of the last verdict (0 conforms, 1 a must fails, 2 a must could not be judged); 1 also for an image that
may not be published: not judged green, of another lock, a version tag that names other bytes; 2 also for the command
line, the registry, the signing.`

/** Options, or undefined after --help was printed. Throws UsageError. */
export function parseOptions(args: readonly string[]): PublishCommand | undefined {
  const command = new Command('npm run publish --')
    .description('Publish the variants that npm run build made: push, sign, attach, then judge them in the registry.')
    .argument('<DIR>', 'folder with a layout for each variant')
    .argument('<NAMESPACE>', 'where the repositories are')
    .addOption(new Option('--variant <LIST>', 'which of the contract’s variants (default: all)').argParser(parseList))
    .option('--report <FILE>', 'the verdict on these very images (default: report/conformance.json)')
    .option('--force', 'publish what is not judged green; the provenance says so', false)
    .option('--key <FILE>', 'sign with this private key (PEM; its password from COSIGN_PASSWORD)')
    .option('--no-sign', 'sign nothing')
    .option(
      '--tag-signatures-only',
      'attach by cosign’s tags sha256-HEX.sig and .att only, for registries that take no referrers',
      false,
    )
    .option(
      '--revision <COMMIT>',
      'source commit of the provenance (default: GITHUB_SHA, or HEAD of this folder’s git)',
    )
    .option('--no-verify', 'do not judge at the end what was published')
    .addHelpText('after', HELP)
  addExamples(addLogin(addLimit(addReach(addJudgeInputs(command)))), [
    'npm run publish -- out ghcr.io/you --variant spin-only --report report/conformance.json',
    'npm run publish -- out ghcr.io/you --key cosign.key --revision 0a1b2c3d',
    'npm run publish -- out registry.gitlab.com/you/talos --key cosign.key --tag-signatures-only',
    'npm run publish -- out 127.0.0.1:5000/test --no-sign --no-verify --force',
    ...judgeExamples('npm run publish -- out ghcr.io/you'),
    ...loginExamples('npm run publish -- out ghcr.io/you'),
    ...limitExamples('npm run publish -- out ghcr.io/you'),
  ])
  if (!parseCommand(command, args)) return undefined
  const [folder = '', namespace = ''] = command.args
  return {
    ...command.opts<Omit<PublishCommand, 'folder' | 'namespace'>>(),
    folder,
    namespace: parseNamespace(namespace),
  }
}

function parseNamespace(given: string): Namespace {
  const text = given.replace(/\/$/, '')
  const fail = (): UsageError =>
    new UsageError(`expected REGISTRY/NAMESPACE such as ghcr.io/you, got ${JSON.stringify(given.slice(0, 300))}`)
  try {
    const reference = parseReference(`${text}/x`)
    // Without a host a reference means Docker's hub, which must not be published to by omission.
    if (reference.kind !== 'registry' || !text.startsWith(reference.registry)) throw fail()
    return { registry: reference.registry, path: reference.repository.slice(0, -'/x'.length) }
  } catch (error) {
    if (error instanceof FormatError || error instanceof RegistryError) throw fail()
    throw error
  }
}

/** The repository of a variant. */
export function repositoryOf({ path }: Namespace, variant: string): string {
  return path === '' ? `talos-${variant}` : `${path}/talos-${variant}`
}
