# SPDX-License-Identifier: MIT
# Names the C blocks of a page that are neither programs nor the examples' own text: awk -f excerpts.awk EXAMPLE... PAGE
FILENAME != last { text = ""; last = FILENAME }
FILENAME ~ /\.c$/ { examples = examples $0 "\n"; next }
/^```c$/ { inside = 1; text = ""; line = FNR; next }
/^```/ && inside {
  inside = 0
  if (text !~ /int main\(/ && index(examples, text) == 0) print FILENAME ":" line ": in no example"
}
inside { text = text $0 "\n" }
