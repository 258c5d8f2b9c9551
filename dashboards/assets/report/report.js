// Unpacks plotly and the figures from this very file and draws what comes into view; asks nothing of any network.
(() => {
  // LZMA with lc 3, lp 0, pb 2, raw: a fifth smaller than gzip, and no browser is too old for it.
  const unpack = (source, size) => {
    const probs = new Uint16Array(7991).fill(1024), out = new Uint8Array(size);
    const MATCH = 0, REP = 192, G0 = 204, G1 = 216, G2 = 228, LONG = 240, SLOT = 432, SPECIAL = 688, ALIGN = 803, LEN = 819, REPLEN = 1333, LITERAL = 1847;
    let next = 1, range = 0xffffffff, code = 0, at = 0, state = 0, rep0 = 0, rep1 = 0, rep2 = 0, rep3 = 0;
    for (let i = 0; i < 4; i++) code = ((code << 8) | source[next++]) >>> 0;
    const shift = () => { range = (range << 8) >>> 0; code = ((code << 8) | source[next++]) >>> 0; };
    const bit = (i) => {
      const p = probs[i], bound = (range >>> 11) * p;
      let one = 0;
      if (code < bound) { range = bound; probs[i] = p + ((2048 - p) >>> 5); }
      else { range -= bound; code -= bound; probs[i] = p - (p >>> 5); one = 1; }
      if (range < 16777216) shift();
      return one;
    };
    const tree = (base, bits) => { let m = 1; for (let i = 0; i < bits; i++) m = (m << 1) | bit(base + m); return m - (1 << bits); };
    const mirrored = (base, bits) => { let m = 1, n = 0; for (let i = 0; i < bits; i++) { const b = bit(base + m); m = (m << 1) | b; n |= b << i; } return n; };
    const direct = (bits) => {
      let n = 0;
      for (let i = 0; i < bits; i++) { range >>>= 1; n *= 2; if (code >= range) { code -= range; n += 1; } if (range < 16777216) shift(); }
      return n;
    };
    const length = (base, step) => !bit(base) ? tree(base + 2 + step * 8, 3) : !bit(base + 1) ? 8 + tree(base + 130 + step * 8, 3) : 16 + tree(base + 258, 8);
    const distance = (long) => {
      const slot = tree(SLOT + Math.min(long, 3) * 64, 6);
      if (slot < 4) return slot;
      const bits = (slot >> 1) - 1, start = (2 | (slot & 1)) * 2 ** bits;
      return slot < 14 ? start + mirrored(SPECIAL + start - slot, bits) : start + direct(bits - 4) * 16 + mirrored(ALIGN, 4);
    };
    while (at < size) {
      const step = at & 3;
      if (!bit(MATCH + state * 16 + step)) {
        const base = LITERAL + 768 * ((at ? out[at - 1] : 0) >>> 5);
        let letter = 1;
        if (state >= 7) {
          let known = out[at - rep0 - 1];
          while (letter < 256) {
            const expected = (known >>> 7) & 1, b = bit(base + ((1 + expected) << 8) + letter);
            known <<= 1; letter = (letter << 1) | b;
            if (b !== expected) break;
          }
        }
        while (letter < 256) letter = (letter << 1) | bit(base + letter);
        out[at++] = letter;
        state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
        continue;
      }
      let long;
      if (bit(REP + state)) {
        if (!bit(G0 + state)) {
          if (!bit(LONG + state * 16 + step)) { out[at] = out[at - rep0 - 1]; at++; state = state < 7 ? 9 : 11; continue; }
        } else {
          let d = rep1;
          if (bit(G1 + state)) { d = rep2; if (bit(G2 + state)) { d = rep3; rep3 = rep2; } rep2 = rep1; }
          rep1 = rep0; rep0 = d;
        }
        long = length(REPLEN, step);
        state = state < 7 ? 8 : 11;
      } else {
        rep3 = rep2; rep2 = rep1; rep1 = rep0;
        long = length(LEN, step);
        state = state < 7 ? 7 : 10;
        rep0 = distance(long);
      }
      for (let i = long + 2; i && at < size; i--, at++) out[at] = out[at - rep0 - 1];
    }
    return new TextDecoder().decode(out);
  };
  const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;,=>?@^_`{|}~";
  const value = new Uint8Array(128);
  for (let i = 0; i < 85; i++) value[DIGITS.charCodeAt(i)] = i;
  const bytes = (text) => {
    const out = new DataView(new ArrayBuffer(Math.ceil(text.length / 5) * 4));
    for (let g = 0; g * 5 < text.length; g++) {
      let n = 0;
      for (let k = g * 5; k < g * 5 + 5; k++) n = n * 85 + (k < text.length ? value[text.charCodeAt(k)] : 84);
      out.setUint32(g * 4, n);
    }
    return new Uint8Array(out.buffer);
  };
  const read = (id) => { const node = document.getElementById(id); return unpack(bytes(node.textContent.trim()), +node.dataset.size); };
  const start = () => {
    const script = document.createElement("script");
    script.textContent = read("packed-plotly");
    document.head.append(script);
    const { figures, tables, config } = JSON.parse(read("packed-figures"));
    document.querySelectorAll("[data-later]").forEach((place) => { place.innerHTML = tables[place.dataset.later]; });
    const slots = [...document.querySelectorAll(".plot")];
    const draw = (slot) => {
      const figure = figures[slot.dataset.figure];
      slot.textContent = "";
      return Plotly.newPlot(slot, figure.data, figure.layout, config).then(() => slot.classList.add("drawn"));
    };
    const seen = new IntersectionObserver((entries) => {
      for (const entry of entries.filter((e) => e.isIntersecting)) { seen.unobserve(entry.target); draw(entry.target); }
    }, { rootMargin: "600px" });
    slots.forEach((slot) => seen.observe(slot));
    addEventListener("beforeprint", () => slots.filter((s) => !s.classList.contains("drawn")).forEach((s) => { seen.unobserve(s); draw(s); }));
  };
  requestAnimationFrame(() => setTimeout(start)); // the words and tables first
})();
