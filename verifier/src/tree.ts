/** RFC 6962 trees read from left to right: the walk that `proof.<k>` answers, and the root from its pieces. */
import { hash, hashInto, nodeHash } from "./hash.ts";

/** Pieces pushed from the left, each a whole node of the tree; `root()` folds what is there. */
export class Tree {
  /** Leaves so far. */
  size = 0;
  private readonly hashes = new Uint8Array(66 * 32);
  private readonly sizes = new Float64Array(66);
  private readonly pair = new Uint8Array(65);
  private depth = 0;

  constructor() {
    this.pair[0] = 1;
  }

  push(node: Uint8Array, leaves: number): void {
    this.hashes.set(node, this.depth * 32);
    this.sizes[this.depth++] = leaves;
    this.size += leaves;
    while (this.depth > 1 && this.sizes[this.depth - 1] === this.sizes[this.depth - 2]) {
      this.depth--;
      const left = (this.depth - 1) * 32;
      this.pair.set(this.hashes.subarray(left, left + 64), 1);
      hashInto(this.pair, 0, 65, this.hashes, left);
      this.sizes[this.depth - 1] *= 2;
    }
  }

  root(): Uint8Array {
    if (this.depth === 0) return hash(new Uint8Array(0));
    let node = this.hashes.slice((this.depth - 1) * 32, this.depth * 32);
    for (let n = this.depth - 2; n >= 0; n--) node = nodeHash(this.hashes.subarray(n * 32, n * 32 + 32), node);
    return node;
  }
}

/** End of the greatest node of the tree of `size` leaves that begins at `from` and ends at `to` or before. */
function greatest(from: number, to: number, size: number): number {
  // Nodes that begin at `from`: complete ones, as far as `from` is aligned, and on the right edge one that ends the tree.
  let width = 1;
  while (from % (2 * width) === 0 && from + 2 * width <= to) width *= 2;
  if (to === size && isEdge(from, size)) return size;
  return from + width;
}

/** Whether a node of the tree's right edge begins here: the sum of the greatest powers of two in `size`, so far. */
function isEdge(from: number, size: number): boolean {
  let start = 0;
  while (start < from) {
    let width = 1;
    while (2 * width < size - start) width *= 2;
    if (start + width >= size) return false;
    start += width;
  }
  return start === from;
}

/** Ends of the nodes that stand for the leaves [from, to), none of them included: one line of the proof each. */
export function* pruned(from: number, to: number, size: number, cuts: readonly number[]): Generator<number> {
  let cut = firstAbove(cuts, from);
  for (let at = from; at < to; ) {
    while (cut < cuts.length && cuts[cut] <= at) cut++;
    at = greatest(at, cut < cuts.length && cuts[cut] < to ? cuts[cut] : to, size);
    yield at;
  }
}

function firstAbove(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (sorted[mid] > value) high = mid;
    else low = mid + 1;
  }
  return low;
}

/** Root by an RFC 9162 inclusion proof of a leaf; null where the proof has not the right length. */
export function inclusionRoot(leaf: Uint8Array, index: number, size: number, path: readonly Uint8Array[]): Uint8Array | null {
  if (index >= size) return null;
  let fn = index;
  let sn = size - 1;
  let node = leaf;
  for (const sibling of path) {
    if (sn === 0) return null;
    if (fn % 2 === 1 || fn === sn) {
      node = nodeHash(sibling, node);
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2;
        sn = Math.floor(sn / 2);
      }
    } else {
      node = nodeHash(node, sibling);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 ? node : null;
}
