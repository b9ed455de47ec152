// SPDX-License-Identifier: MIT

// Reads the whole list with godo, TIMES times after a first one: main ENDPOINT TIMES.
// Prints wall milliseconds and images of one reading.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/digitalocean/godo"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func readList(client *godo.Client) int {
	images := []godo.Image{}
	options := &godo.ListOptions{Page: 1, PerPage: 200}
	for {
		page, response, err := client.Images.List(context.Background(), options)
		check(err)
		images = append(images, page...)
		if response.Links == nil || response.Links.IsLastPage() {
			return len(images)
		}
		options.Page++
	}
}

func main() {
	client := godo.NewFromToken("token-of-the-benchmark")
	check(godo.SetBaseURL(os.Args[1] + "/")(client))
	times, _ := strconv.Atoi(os.Args[2])
	images := readList(client)
	start := time.Now()
	for i := 0; i < times; i++ {
		images = readList(client)
	}
	fmt.Printf("%.3f %d\n", time.Since(start).Seconds()*1e3/float64(times), images)
}
