// SPDX-License-Identifier: MIT

// Reads the whole list with hcloud-go, WALKS times after a first one: main ENDPOINT WALKS.
// Prints wall milliseconds and images of one walk.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/hetznercloud/hcloud-go/hcloud"
)

func walk(client *hcloud.Client) int {
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
	walks, _ := strconv.Atoi(os.Args[2])
	images := walk(client)
	start := time.Now()
	for i := 0; i < walks; i++ {
		images = walk(client)
	}
	fmt.Printf("%.3f %d\n", time.Since(start).Seconds()*1e3/float64(walks), images)
}
