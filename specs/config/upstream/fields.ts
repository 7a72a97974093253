// Fields and flags that kubelet and containerd of a Talos minor know: generated data, see fixtures/oracles/machine-config/fields.sh.
import containerdData from './containerd.json' with { type: 'json' }
import kubeletFlags from './kubelet-flags.json' with { type: 'json' }
import kubeletData from './kubelet.json' with { type: 'json' }

/**
 * An expression is `str`, `string`, `bool`, `int`, `int32`, …, `uint`, `float`, `any`, `text:Name` (a scalar with its
 * own parser), `[]T`, `{}T`, or the name of another type.
 */
type Fields = Readonly<Record<string, string>>
export type Types = Readonly<Record<string, Fields>>

type Kubelet = { readonly module: string; readonly root: string; readonly types: Types }
type Containerd = { readonly module: string; readonly plugins: Readonly<Record<string, string>>; readonly types: Types }

export const KUBELET: Readonly<Record<string, Kubelet>> = kubeletData
export const CONTAINERD: Readonly<Record<string, Containerd>> = containerdData
/** Flags of the kubelet by the minor of Kubernetes. */
export const KUBELET_FLAGS: Readonly<Record<string, readonly string[]>> = kubeletFlags
