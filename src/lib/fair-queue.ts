/** A member of a ring. */
interface Link<V> {
  readonly value: V
  before?: Link<V> | undefined
  after?: Link<V> | undefined
}

/** An ordered list that gives up any of its members in constant time. */
class Ring<V> {
  first: Link<V> | undefined
  #last: Link<V> | undefined

  append(link: Link<V>): void {
    link.before = this.#last
    link.after = undefined
    if (this.#last) this.#last.after = link
    else this.first = link
    this.#last = link
  }

  remove(link: Link<V>): void {
    if (link.before) link.before.after = link.after
    else this.first = link.after
    if (link.after) link.after.before = link.before
    else this.#last = link.before
  }
}

interface Waiting<T> {
  item: T
  leave(): void
}

/** A step of a path, with what waits at its end or below it. */
class Branch<T> {
  readonly name: string
  readonly parent: Branch<T> | undefined
  readonly link: Link<Branch<T>> = { value: this }
  readonly waiting = new Ring<Waiting<T>>()
  readonly ring = new Ring<Branch<T>>()
  readonly branches = new Map<string, Branch<T>>()
  size = 0

  constructor(name: string, parent: Branch<T> | undefined) {
    this.name = name
    this.parent = parent
  }

  enter(name: string): Branch<T> {
    const known = this.branches.get(name)
    if (known) return known
    const branch = new Branch(name, this)
    this.branches.set(name, branch)
    this.ring.append(branch.link)
    return branch
  }

  forget(branch: Branch<T>): void {
    this.branches.delete(branch.name)
    this.ring.remove(branch.link)
  }

  toEnd(branch: Branch<T>): void {
    this.ring.remove(branch.link)
    this.ring.append(branch.link)
  }
}

/**
 * A queue that is fair at each level of its items' paths, which all have the same length. The branches of a level are
 * served in turn, one item each; items of one path in the order in which they came. So a branch delays another's first
 * item by at most one item, however many it has. No operation takes longer when more waits.
 */
export class FairQueue<T> {
  readonly #root = new Branch<T>('', undefined)

  get size(): number {
    return this.#root.size
  }

  /** @returns removes the item, unless it has left already */
  add(path: readonly string[], item: T): () => void {
    const leaf = path.reduce((branch, name) => branch.enter(name), this.#root)
    for (let branch: Branch<T> | undefined = leaf; branch; branch = branch.parent) branch.size++
    let isIn = true
    const leave = () => {
      if (!isIn) return
      isIn = false
      leaf.waiting.remove(link)
      for (let branch: Branch<T> | undefined = leaf; branch; branch = branch.parent) {
        branch.size--
        if (branch.size === 0) branch.parent?.forget(branch)
      }
    }
    const link: Link<Waiting<T>> = { value: { item, leave } }
    leaf.waiting.append(link)
    return leave
  }

  /** The item that is served next. */
  peek(): T | undefined {
    return this.#leafOf(() => {}).waiting.first?.value.item
  }

  /** Removes the item that is served next; each branch on its path goes to the end of its ring. */
  take(): T | undefined {
    const next = this.#leafOf(branch => branch.parent?.toEnd(branch)).waiting.first?.value
    next?.leave()
    return next?.item
  }

  /** Removes all items. */
  clear(): T[] {
    return Array.from({ length: this.size }, () => this.take() as T)
  }

  /** How many items wait below a path. */
  sizeOf(path: readonly string[]): number {
    return this.#find(path)?.size ?? 0
  }

  /** How many branches below a path something waits in. */
  widthOf(path: readonly string[]): number {
    return this.#find(path)?.branches.size ?? 0
  }

  #find(path: readonly string[]): Branch<T> | undefined {
    let branch: Branch<T> | undefined = this.#root
    for (const name of path) branch = branch?.branches.get(name)
    return branch
  }

  #leafOf(onStep: (branch: Branch<T>) => void): Branch<T> {
    let branch = this.#root
    for (let next = branch.ring.first; next; next = branch.ring.first) {
      branch = next.value
      onStep(branch)
    }
    return branch
  }
}
