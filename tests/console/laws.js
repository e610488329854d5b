// Which of these proofs the page takes for something else than they are. Each must hold, and of nothing else.
async ([inclusions, consistencies]) => {
  const { climb, isConsistent, same, unbase64 } = await import("/console/audit/proof.js");
  const isIncluded = async (leaf, root, index, size, path) => {
    const way = await climb(leaf, index, size, path);
    return way.fits && same(way.root, root);
  };
  const wrong = [];
  for (const [leaf, root, index, size, path] of inclusions) {
    const [one, all, way] = [unbase64(leaf), unbase64(root), path.map(unbase64)];
    const holds = await isIncluded(one, all, index, size, way);
    const others = [
      isIncluded(all, all, index, size, way),
      isIncluded(one, one, index, size, way),
      isIncluded(one, all, index + 1, size, way),
      isIncluded(one, all, index, size, [...way, one]),
      isIncluded(one, all, index, size, way.slice(1)),
    ];
    // In a tree of one leaf, the leaf is the root and the way is empty.
    if (!holds || (size > 1 && (await Promise.all(others)).some(Boolean))) wrong.push(["inclusion", index, size]);
  }
  for (const [first, second, small, large, path] of consistencies) {
    const [before, after, way] = [unbase64(small), unbase64(large), path.map(unbase64)];
    const holds = await isConsistent(first, before, second, after, way);
    const others = [
      isConsistent(first, after, second, after, way),
      isConsistent(first, before, second, before, way),
      isConsistent(first, before, second, after, [...way, after]),
      isConsistent(second + 1, before, second, after, way),
    ];
    const isOther = first < second && (await Promise.all(others)).some(Boolean);
    if (!holds || isOther) wrong.push(["consistency", first, second]);
  }
  return wrong;
};
