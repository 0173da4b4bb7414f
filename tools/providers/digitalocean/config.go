package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/go-retryablehttp"
	"github.com/pulumi/pulumi-go-provider/infer"
	"golang.org/x/oauth2"
)

// answerWithin is how long one request may take, in life some ten times as long as the slowest one.
const answerWithin = 20 * time.Second

// Config is what the program says of the account. The Spaces settings are accepted and not used.
type Config struct {
	APIEndpoint       *string  `pulumi:"apiEndpoint,optional"`
	HTTPRetryMax      *int     `pulumi:"httpRetryMax,optional"`
	HTTPRetryWaitMax  *float64 `pulumi:"httpRetryWaitMax,optional"`
	HTTPRetryWaitMin  *float64 `pulumi:"httpRetryWaitMin,optional"`
	RequestsPerSecond *float64 `pulumi:"requestsPerSecond,optional"`
	SpacesAccessID    *string  `pulumi:"spacesAccessId,optional"`
	SpacesEndpoint    *string  `pulumi:"spacesEndpoint,optional"`
	SpacesSecretKey   *string  `pulumi:"spacesSecretKey,optional" provider:"secret"`
	Token             *string  `pulumi:"token,optional" provider:"secret"`

	client *client
}

// client is the API with what a call may cost.
type client struct {
	*godo.Client
	// again is how often a request is made again whose answer was lost.
	again   int
	waitMin time.Duration
	waitMax time.Duration
}

// Configure makes the client; nothing is asked of the API. Waits are in seconds, as in the official provider.
func (c *Config) Configure(context.Context) error {
	made := &client{
		again:   *or(c.HTTPRetryMax, 4),
		waitMin: seconds(*or(c.HTTPRetryWaitMin, 1)),
		waitMax: seconds(*or(c.HTTPRetryWaitMax, 30)),
	}
	retrying := retryablehttp.NewClient()
	retrying.Logger = nil
	retrying.RetryMax, retrying.RetryWaitMin, retrying.RetryWaitMax = made.again, made.waitMin, made.waitMax
	retrying.CheckRetry = askAgain
	retrying.ErrorHandler = retryablehttp.PassthroughErrorHandler
	retrying.HTTPClient.Timeout = answerWithin
	token := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: *or(c.Token, "")})
	transport := &oauth2.Transport{Source: token, Base: retrying.StandardClient().Transport}
	options := []godo.ClientOpt{godo.SetUserAgent("sovereign-edge")}
	if c.APIEndpoint != nil {
		if origin, err := url.Parse(*c.APIEndpoint); err != nil || origin.Host == "" {
			return fmt.Errorf("apiEndpoint is %q: write an origin such as https://api.digitalocean.com", *c.APIEndpoint)
		}
		options = append(options, godo.SetBaseURL(*c.APIEndpoint))
	}
	if c.RequestsPerSecond != nil && *c.RequestsPerSecond > 0 {
		options = append(options, godo.SetStaticRateLimit(*c.RequestsPerSecond))
	}
	var err error
	made.Client, err = godo.New(&http.Client{Transport: transport}, options...)
	c.client = made
	return err
}

// clientOf gives the client of the provider that serves a request.
func clientOf(ctx context.Context) *client { return infer.GetConfig[*Config](ctx).client }

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// or gives a value, or what stands for none.
func or[T any](value *T, none T) *T {
	if value == nil {
		return &none
	}
	return value
}
