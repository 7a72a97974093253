// Overrides of the OCI runtime specification: github.com/opencontainers/runtime-spec specs-go v1.2, as far as the types
// of its fields refuse JSON. The kubelet's own runtime configuration is merged below it.
import type { Fail } from './check.ts'
import type { View } from './view.ts'

type Shape = 'text' | 'list' | 'map' | 'texts' | { readonly [key: string]: Shape }

const LIMITS: Shape = {}
const SPEC: Readonly<Record<string, Shape>> = {
  ociVersion: 'text',
  hostname: 'text',
  domainname: 'text',
  mounts: 'list',
  annotations: 'map',
  process: {
    args: 'texts',
    env: 'texts',
    cwd: 'text',
    rlimits: 'list',
    user: {},
    capabilities: {},
    apparmorProfile: 'text',
    selinuxLabel: 'text',
  },
  root: { path: 'text' },
  hooks: {},
  linux: {
    uidMappings: 'list',
    gidMappings: 'list',
    sysctl: 'map',
    resources: LIMITS,
    cgroupsPath: 'text',
    namespaces: 'list',
    devices: 'list',
    seccomp: {},
    rootfsPropagation: 'text',
    maskedPaths: 'texts',
    readonlyPaths: 'texts',
    mountLabel: 'text',
  },
}

export function checkRuntimeSpec(view: View, fail: Fail): void {
  refuseNoNumbers(view, fail)
  for (const [key, inner] of view.entries) {
    const known = Object.keys(SPEC).find((name) => name.toLowerCase() === key.toLowerCase())
    const shape = known === undefined ? undefined : SPEC[known]
    if (shape !== undefined) checkShape(inner, shape, fail)
  }
}

/** JSON has no word for what is no finite number. */
function refuseNoNumbers(view: View, fail: Fail): void {
  const { value } = view
  if (value?.kind === 'scalar' && value.tag === '!!float' && /^[-+]?\.(?:inf|nan)$/i.test(value.value ?? ''))
    fail(view, 'is a number that JSON cannot hold', { got: value.value ?? '' })
  for (const item of view.items) refuseNoNumbers(item, fail)
  for (const [, inner] of view.entries) refuseNoNumbers(inner, fail)
}

function checkShape(view: View, shape: Shape, fail: Fail): void {
  const { value } = view
  if (value === undefined || (value.kind === 'scalar' && value.value === null)) return
  const refuse = (expected: string): void =>
    fail(view, 'has a value that the runtime specification cannot hold', { expected })
  if (shape === 'text') {
    if (value.kind !== 'scalar' || !['!!str', '!!timestamp'].includes(value.tag)) refuse('text')
  } else if (shape === 'list' || shape === 'texts') {
    if (value.kind !== 'list') refuse('a list')
    else if (shape === 'texts') for (const item of view.items) checkShape(item, 'text', fail)
  } else if (value.kind !== 'map') refuse('a mapping')
  else if (shape !== 'map')
    for (const [key, inner] of view.entries) {
      const next = shape[key]
      if (next !== undefined) checkShape(inner, next, fail)
    }
}
