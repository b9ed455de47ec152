// SPDX-License-Identifier: MIT

// One transfer or conversion with godo, as its users write it: main URL TOKEN transfer|convert TRIES SECONDS. After an error
// it is tried again, TRIES times in all. Prints {"ok":...,"told":...}.
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

func start(ctx context.Context, client *godo.Client, deed string) (*godo.Action, error) {
	if deed == "convert" {
		action, _, err := client.ImageActions.Convert(ctx, 10)
		return action, err
	}
	action, _, err := client.ImageActions.Transfer(ctx, 10, &godo.ActionRequest{"type": "transfer", "region": "nyc3"})
	return action, err
}

func try(ctx context.Context, client *godo.Client, deed string) error {
	action, err := start(ctx, client, deed)
	if err != nil {
		return err
	}
	return util.WaitForActive(ctx, client, fmt.Sprintf("v2/images/10/actions/%d", action.ID))
}

func main() {
	tries, _ := strconv.Atoi(os.Args[4])
	seconds, _ := strconv.Atoi(os.Args[5])
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(seconds)*time.Second)
	defer cancel()
	token := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: os.Args[2]})
	client, err := godo.New(oauth2.NewClient(ctx, token), godo.SetBaseURL(os.Args[1]+"/"))
	for i := 0; err == nil && i < tries; i++ {
		if err = try(ctx, client, os.Args[3]); err == nil || i+1 == tries || ctx.Err() != nil {
			break
		}
		err = nil
		time.Sleep(300 * time.Millisecond)
	}
	told := map[string]interface{}{"ok": err == nil, "told": ""}
	if err != nil {
		told["told"] = err.Error()
	}
	_ = json.NewEncoder(os.Stdout).Encode(told)
}
