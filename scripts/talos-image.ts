// The commands for users: `talos-image NAME [ARGUMENT…]` of the package, and npm's scripts here.
import { dispatch, type Commands } from './cli/dispatch.ts'

const COMMANDS: Commands = {
  test: [
    'judge images, or a machine configuration, by the contract',
    async () => (await import('./test/start.ts')).start,
  ],
  lint: ['the same as lint-config', async () => (await import('./lint-config/start.ts')).start],
  'lint-config': [
    'judge machine configurations without an image',
    async () => (await import('./lint-config/start.ts')).start,
  ],
  node: [
    'judge running nodes: what they run, and what they were told',
    async () => (await import('./node/start.ts')).start,
  ],
  boot: ['start an image in a virtual machine: whether it boots', async () => (await import('./boot/start.ts')).start],
  'node-check': ['the same as node', async () => (await import('./node/start.ts')).start],
  explain: [
    'what a rule says, why, and what to do when it fails',
    async () => (await import('./explain/main.ts')).main,
  ],
  init: ['write a contract of your own', async () => (await import('./init/main.ts')).init],
  lock: ['pin the facts of an upstream release', async () => (await import('./lock/main.ts')).lock],
  build: ['make the images of the contract', async () => (await import('./build/main.ts')).build],
  publish: ['push what was judged green, signed', async () => (await import('./publish/main.ts')).publish],
  promote: ['move a channel to an image that is green', async () => (await import('./promote/main.ts')).promote],
  drift: ['what a new Talos release changes', async () => (await import('./drift/main.ts')).drift],
  diff: [
    'what changes when one image or release takes the place of another',
    async () => (await import('./diff/main.ts')).diff,
  ],
  patch: ['the machine configuration patch of a variant', async () => (await import('./patch/main.ts')).patch],
  inspect: ['what is inside an image', async () => (await import('./inspect/main.ts')).inspect],
  sbom: ['the bill of materials of an image, as SPDX', async () => (await import('./sbom/main.ts')).sbom],
  account: ['why every byte of an image is what it is', async () => (await import('./account/main.ts')).account],
  reproduce: ['build an image once more, and compare', async () => (await import('./reproduce/main.ts')).main],
  report: ['the reports of all shards as one verdict', async () => (await import('./report/main.ts')).report],
  registry: [
    'an OCI registry on loopback, for trying things out',
    async () => (await import('./registry/main.ts')).main,
  ],
  cache: ['the cache of what was pulled', async () => (await import('./cache/main.ts')).cache],
}

await dispatch('talos-image', COMMANDS)
