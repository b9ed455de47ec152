// SPDX-License-Identifier: MIT

// Reads the whole list with hcloud-go, TIMES times after a first one: main ENDPOINT TIMES.
// Prints wall milliseconds and images of one reading.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/hetznercloud/hcloud-go/hcloud"
)

func readList(client *hcloud.Client) int {
	opts := hcloud.ImageListOpts{ListOpts: hcloud.ListOpts{PerPage: 50}}
	images, err := client.Image.AllWithOpts(context.Background(), opts)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return len(images)
}

func main() {
	client := hcloud.NewClient(hcloud.WithEndpoint(os.Args[1]), hcloud.WithToken("token-of-the-benchmark"))
	times, _ := strconv.Atoi(os.Args[2])
	images := readList(client)
	start := time.Now()
	for i := 0; i < times; i++ {
		images = readList(client)
	}
	fmt.Printf("%.3f %d\n", time.Since(start).Seconds()*1e3/float64(times), images)
}
