// SPDX-License-Identifier: MIT

// godo as its users write it: main URL TOKEN transfer|convert|list TRIES SECONDS. After an error a change is tried again, TRIES
// times in all. A change prints {"ok":...}, a list {"ids":[...]}.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/digitalocean/godo"
	"github.com/digitalocean/godo/util"
	"golang.org/x/oauth2"
)

func start(ctx context.Context, client *godo.Client, mutation string) (*godo.Action, error) {
	if mutation == "convert" {
		action, _, err := client.ImageActions.Convert(ctx, 10)
		return action, err
	}
	action, _, err := client.ImageActions.Transfer(ctx, 10, &godo.ActionRequest{"type": "transfer", "region": "nyc3"})
	return action, err
}

func try(ctx context.Context, client *godo.Client, mutation string) error {
	action, err := start(ctx, client, mutation)
	if err != nil {
		return err
	}
	return util.WaitForActive(ctx, client, fmt.Sprintf("v2/images/10/actions/%d", action.ID))
}

// The loop of godo's own documentation.
func list(ctx context.Context, client *godo.Client) ([]int, error) {
	ids := []int{}
	options := &godo.ListOptions{PerPage: 200}
	for {
		images, response, err := client.Images.ListUser(ctx, options)
		if err != nil {
			return nil, err
		}
		for _, image := range images {
			ids = append(ids, image.ID)
		}
		if response.Links == nil || response.Links.IsLastPage() {
			return ids, nil
		}
		page, err := response.Links.CurrentPage()
		if err != nil {
			return nil, err
		}
		options.Page = page + 1
	}
}

func change(ctx context.Context, client *godo.Client, mutation string, tries int) error {
	for i := 0; ; i++ {
		err := try(ctx, client, mutation)
		if err == nil || i+1 >= tries || ctx.Err() != nil {
			return err
		}
		time.Sleep(300 * time.Millisecond)
	}
}

func main() {
	tries, _ := strconv.Atoi(os.Args[4])
	seconds, _ := strconv.Atoi(os.Args[5])
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(seconds)*time.Second)
	defer cancel()
	token := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: os.Args[2]})
	client, err := godo.New(oauth2.NewClient(ctx, token), godo.SetBaseURL(os.Args[1]+"/"))
	result := map[string]interface{}{}
	if err == nil && os.Args[3] == "list" {
		result["ids"], err = list(ctx, client)
	} else if err == nil {
		err = change(ctx, client, os.Args[3], tries)
	}
	result["ok"] = err == nil
	if err != nil {
		delete(result, "ids")
		result["error"] = err.Error()
	}
	_ = json.NewEncoder(os.Stdout).Encode(result)
}
