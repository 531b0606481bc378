package migrate

// maxCommon bounds the table that Common makes.
const maxCommon = 16 << 20

// Common gives a longest common subsequence of two lists: pairs of places, in
// a and in b, that hold the same, both rising. It takes len(a)*len(b) time and
// room; where that is above 16 Mi nothing counts as common.
func Common(a, b []string) (pairs [][2]int) {
	if len(a) == 0 || len(b) == 0 || len(a)*len(b) > maxCommon {
		return nil
	}
	width := len(b) + 1
	best := make([]int32, (len(a)+1)*width)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				best[i*width+j] = best[(i+1)*width+j+1] + 1
			} else {
				best[i*width+j] = max(best[(i+1)*width+j], best[i*width+j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			pairs = append(pairs, [2]int{i, j})
			i, j = i+1, j+1
		case best[(i+1)*width+j] >= best[i*width+j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}
