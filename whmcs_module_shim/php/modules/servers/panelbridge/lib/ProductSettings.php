<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/**
 * The Module Settings of a product. WHMCS stores them by position (`configoption1` is the first), so entries may only
 * be appended: never reordered, never removed.
 */
final class ProductSettings
{
    /** @return array<string, array<string, mixed>> */
    public static function fields(): array
    {
        return [
            'Plan' => [
                'FriendlyName' => Language::text('option_plan'),
                'Type' => 'text',
                'Size' => '32',
                'Loader' => 'panelbridge_PlanLoader',
                'SimpleMode' => true,
                'Description' => Language::text('option_plan_help'),
            ],
            'Connections' => [
                'FriendlyName' => Language::text('option_connections'),
                'Type' => 'text',
                'Size' => '5',
                'Default' => '',
                'SimpleMode' => true,
                'Description' => Language::text('option_connections_help'),
            ],
            'Grace' => [
                'FriendlyName' => Language::text('option_grace'),
                'Type' => 'text',
                'Size' => '5',
                'Default' => '0',
                'SimpleMode' => true,
                'Description' => Language::text('option_grace_help'),
            ],
        ];
    }

    /**
     * Plan codes with their labels. Throwing is WHMCS's way for a loader to say why it cannot; the field then takes
     * free text.
     *
     * @return array<string, string>
     * @throws \Exception with a text for the admin
     */
    public static function plans(Params $params): array
    {
        try {
            $answer = self::answered(Server::fromParams($params));
        } catch (CallError $error) {
            throw new \Exception($error->told(Language::text('verb_Plans')) . ' ' . Language::text('type_plan_code'));
        } catch (\Throwable $thrown) {
            throw new \Exception(Guarded::unexpected(Language::text('verb_Plans'), $thrown));
        }
        $plans = [];
        foreach ($answer->maps('plans') as $plan) {
            $code = is_string($plan['code'] ?? null) ? Text::line($plan['code']) : '';
            if ($code !== '') {
                $plans[$code] = self::label($code, $plan);
            }
        }
        if ($plans === []) {
            throw new \Exception(Language::text('no_plans'));
        }
        return $plans;
    }

    private static function answered(Server $server): Answer
    {
        $client = new BridgeClient($server, BridgeClient::PAGE_DEADLINE);
        return $client->call('Plans', ['call' => ['actor' => Actor::present()]]);
    }

    /** @param array<string, mixed> $plan */
    private static function label(string $code, array $plan): string
    {
        $label = is_string($plan['label'] ?? null) ? Text::line($plan['label']) : '';
        $named = $label === '' || $label === $code ? $code : $label . ' (' . $code . ')';
        $cycles = array_filter((array) ($plan['cycles'] ?? []), 'is_string');
        return $cycles === [] ? $named : $named . ': ' . Text::line(implode(', ', $cycles));
    }
}
